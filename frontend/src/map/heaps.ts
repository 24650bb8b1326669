/** Several customers under one press: symbols that stand on each other, and clusters. */
import { toLonLat } from "ol/proj.js";
import type VectorTileSource from "ol/source/VectorTile.js";
import type { Bbox } from "@/api/types";
import type { LonLat } from "@/lib/coordinates";
import type { GridMap, Hit } from "./grid-map";
import { metresPerPixel } from "./scale";

/** Symbols whose places are nearer than this look like one. */
export const HEAP_PX = 12;
/** 2 ** 3 by 2 ** 3 cells of clusters in a tile: docs/decisions, layers/tile_sql.py CELL_BITS. */
const CELL_BITS = 3;
const MAX_ZOOM = 20;

/** Of the symbols under the pointer: the one whose place is nearest, and those that stand on it. Nearest first. */
export function heapOf(hits: readonly Hit[], pixelOf: (place: LonLat) => Pixel | null, pointer: Pixel): Hit[] {
  const placed = hits
    .map((hit) => ({ hit, at: pixelOf(hit.lonLat) ?? pointer }))
    .sort((a, b) => distance(a.at, pointer) - distance(b.at, pointer));
  const [nearest] = placed;
  if (!nearest) return [];
  return placed.filter(({ at }) => distance(at, nearest.at) <= HEAP_PX).map(({ hit }) => hit);
}

/** True when even the deepest zoom leaves these places on each other. */
export function standTogether(places: readonly LonLat[]): boolean {
  const [first] = places;
  if (!first) return true;
  const reach_m = HEAP_PX * metresPerPixel({ lat: first.lat, zoom: MAX_ZOOM });
  const perDegree_m = 111_320;
  return places.every(
    ({ lon, lat }) =>
      Math.hypot(
        (lat - first.lat) * perDegree_m,
        (lon - first.lon) * perDegree_m * Math.cos((first.lat * Math.PI) / 180),
      ) <= reach_m,
  );
}

export interface Cluster {
  n: number;
  place: LonLat;
  /** The cell whose customers it stands for: west, south, east, north. */
  cell: Bbox;
}

export function clusterAt(map: GridMap, pixel: Pixel, tolerance = 4): Cluster | null {
  const found = map.ol.forEachFeatureAtPixel(
    [...pixel],
    (feature, layer) => {
      const n = Number(feature.get("n"));
      if (feature.get("part") !== "clusters" || !(n > 1)) return undefined;
      const source = layer?.getSource() as VectorTileSource | undefined;
      const coordinates = "getFlatCoordinates" in feature ? feature.getFlatCoordinates() : [];
      const [lon, lat] = toLonLat(coordinates.length >= 2 ? coordinates : map.ol.getCoordinateFromPixel([...pixel]));
      const resolution = map.view.getResolution() ?? 1;
      const z = source?.getTileGrid()?.getZForResolution(resolution, source.zDirection) ?? 0;
      const place = { lon: lon ?? 0, lat: lat ?? 0 };
      return { n, place, cell: cellAround(place, z) };
    },
    { hitTolerance: tolerance },
  );
  return found ?? null;
}

/** The cell of the cluster grid at tile zoom `z` that holds the place. */
export function cellAround({ lon, lat }: LonLat, z: number): Bbox {
  const cells = 2 ** (z + CELL_BITS);
  const sine = Math.sin((lat * Math.PI) / 180);
  const x = Math.floor(((lon + 180) / 360) * cells);
  const y = Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * cells);
  const lonOf = (column: number) => (column / cells) * 360 - 180;
  const latOf = (row: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / cells))) * 180) / Math.PI;
  return [lonOf(x), latOf(y + 1), lonOf(x + 1), latOf(y)];
}

type Pixel = readonly [number, number];

function distance([ax, ay]: Pixel, [bx, by]: Pixel): number {
  return Math.hypot(ax - bx, ay - by);
}
