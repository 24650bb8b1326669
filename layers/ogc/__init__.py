"""OGC API Features, Part 1 (Core) and Part 2 (CRS): the map's layers as desktop GIS reads them, with the same rights."""
