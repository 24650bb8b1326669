"""Addresses of the portal's own doors, below /api/v1/."""

from django.urls import path

from portal.api import views

urlpatterns = [
    path("me", views.Me.as_view()),
    path("session", views.Session.as_view()),
]
