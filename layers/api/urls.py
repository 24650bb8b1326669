"""Addresses of the map's doors, below /api/v1/, of OGC API Features, below /ogc/features/, and of WMS and WMTS, below /maps/."""

from django.urls import path

from layers.api import basemap_admin, basemaps, exports, maps, network_imports, ogc, prints, views

urlpatterns = [
    path("admin/basemap-uploads", basemap_admin.Uploads.as_view()),
    path("admin/basemap-uploads/<uuid:upload_id>", basemap_admin.OneUpload.as_view()),
    path("admin/basemap-uploads/<uuid:upload_id>/again", basemap_admin.UploadAgainDoor.as_view()),
    path("admin/basemap-uploads/<uuid:upload_id>/parts", basemap_admin.UploadPart.as_view()),
    path("admin/basemaps", basemap_admin.BasemapRows.as_view()),
    path("admin/basemaps/<slug:basemap_key>", basemap_admin.OneBasemap.as_view()),
    path("basemaps", basemaps.Basemaps.as_view()),
    path("datums", exports.Datums.as_view()),
    path("exports", exports.Exports.as_view()),
    path("exports/<uuid:export_id>", exports.OneExport.as_view()),
    path("exports/<uuid:export_id>/file", exports.ExportFile.as_view()),
    path("layers", views.LayerList.as_view()),
    path("layers/<str:layer_id>/features", views.FeatureList.as_view()),
    path("layers/<str:layer_id>/features/<int:feature_id>/move", views.FeatureMove.as_view()),
    path("layers/<str:layer_id>/snapshot", views.Snapshot.as_view()),
    path("network-imports", network_imports.NetworkImportList.as_view()),
    path("network-imports/<uuid:import_id>", network_imports.NetworkImportDoor.as_view()),
    path("network-imports/<uuid:import_id>/rows", network_imports.NetworkImportRowList.as_view()),
    path("network-imports/<uuid:import_id>/map", network_imports.NetworkImportMap.as_view()),
    path("network-imports/<uuid:import_id>/rejects.csv", network_imports.NetworkImportRejects.as_view()),
    path("network-imports/<uuid:import_id>/commit", network_imports.NetworkImportCommitDoor.as_view()),
    path("network-imports/<uuid:import_id>/cancel", network_imports.NetworkImportCancel.as_view()),
    path("network-imports/<uuid:import_id>/revert", network_imports.NetworkImportRevert.as_view()),
    path("prints", prints.Prints.as_view()),
]

ogc_urlpatterns = [
    path("", ogc.Landing.as_view()),
    path("conformance", ogc.Conformance.as_view()),
    path("api", ogc.Api.as_view()),
    path("collections", ogc.Collections.as_view()),
    path("collections/<str:collection_id>", ogc.OneCollection.as_view()),
    path("collections/<str:collection_id>/items", ogc.Items.as_view()),
    path("collections/<str:collection_id>/items/<int:feature_id>", ogc.Item.as_view()),
]

maps_urlpatterns = [
    path("wms", maps.Wms.as_view()),
    path("wmts", maps.Wmts.as_view()),
    path("wmts/1.0.0/WMTSCapabilities.xml", maps.WmtsCapabilities.as_view()),
    path("wmts/<str:layer_id>/<str:tile_set>/<int:z>/<int:x>/<int:y>.<str:form>", maps.WmtsTile.as_view()),
]
