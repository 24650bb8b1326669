"""Addresses of the map's doors, below /api/v1/."""

from django.urls import path

from layers.api import basemaps, views

urlpatterns = [
    path("basemaps", basemaps.Basemaps.as_view()),
    path("layers", views.LayerList.as_view()),
    path("layers/<str:layer_id>/features", views.FeatureList.as_view()),
    path("layers/<str:layer_id>/features/<int:feature_id>/move", views.FeatureMove.as_view()),
    path("layers/<str:layer_id>/snapshot", views.Snapshot.as_view()),
]
