"""Addresses of the map's doors, below /api/v1/."""

from django.urls import path

from layers.api import basemaps, exports, views

urlpatterns = [
    path("basemaps", basemaps.Basemaps.as_view()),
    path("datums", exports.Datums.as_view()),
    path("exports", exports.Exports.as_view()),
    path("exports/<uuid:export_id>", exports.OneExport.as_view()),
    path("exports/<uuid:export_id>/file", exports.ExportFile.as_view()),
    path("layers", views.LayerList.as_view()),
    path("layers/<str:layer_id>/features", views.FeatureList.as_view()),
    path("layers/<str:layer_id>/features/<int:feature_id>/move", views.FeatureMove.as_view()),
    path("layers/<str:layer_id>/snapshot", views.Snapshot.as_view()),
]
