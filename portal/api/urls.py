"""Addresses of the portal's own doors, below /api/v1/."""

from django.urls import path

from portal.api import audit, views

urlpatterns = [
    path("audit", audit.Audit.as_view()),
    path("audit/export", audit.AuditExport.as_view()),
    path("me", views.Me.as_view()),
    path("session", views.Session.as_view()),
]
