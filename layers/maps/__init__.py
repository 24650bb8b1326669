"""Pictures of the map for desktop GIS, as WMS and WMTS: imagery and the layers drawn, cut to what the person may see."""
