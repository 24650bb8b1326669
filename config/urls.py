"""Every address, gathered from the apps."""

from django.urls import path

urlpatterns = []
