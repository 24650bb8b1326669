"""Addresses of the portal's own doors, below /api/v1/."""

from django.urls import path

from portal.api import administration, audit, views

urlpatterns = [
    path("audit", audit.Audit.as_view()),
    path("audit/export", audit.AuditExport.as_view()),
    path("me", views.Me.as_view()),
    path("session", views.Session.as_view()),
    path("admin/grants", administration.Grants.as_view()),
    path("admin/people", administration.People.as_view()),
    path("admin/people/<int:user_id>", administration.Person.as_view()),
    path("admin/see-as", administration.SeeAs.as_view()),
]
