/** Polygons on the map, and the rest of it dimmed: what somebody can see, or the areas of the utility. */
import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import type { AreaGeometry } from "@/api/administration";
import type { LonLat } from "@/lib/coordinates";
import { type GridMap, Z } from "./grid-map";
import { ink } from "./ink";
import { look, MAP_FONT, perLook } from "./look";

export interface NamedPolygon {
  name: string;
  geometry: AreaGeometry;
}

export interface ReachOnMap {
  /** Outline these; with `dimmed`, everything outside of them is dimmed: with none at all, the whole map. */
  show(polygons: readonly NamedPolygon[], options: { dimmed: boolean }): void;
  remove(): void;
}

const format = new GeoJSON({ featureProjection: "EPSG:3857" });
const dim = perLook(({ theme, imagery }) =>
  theme === "dark" || imagery ? "rgba(4, 9, 13, 0.72)" : "rgba(226, 231, 235, 0.8)",
);

export function addReach(map: GridMap): ReachOnMap {
  const source = new VectorSource();
  let dimmed = false;
  // Above the customers: those outside are dimmed too. A canvas of its own, for the polygons are cut out of it.
  const mask = new VectorLayer({
    source,
    className: "reach-mask",
    zIndex: Z.MARKS - 6,
    visible: false,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    style: new Style({ fill: new Fill({ color: "#000" }) }),
  });
  mask.on("prerender", ({ context }) => {
    if (!(context instanceof CanvasRenderingContext2D)) return;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = dim();
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.restore();
    context.globalCompositeOperation = "destination-out";
  });
  mask.on("postrender", ({ context }) => {
    if (context instanceof CanvasRenderingContext2D) context.globalCompositeOperation = "source-over";
  });
  const outlines = new VectorLayer({
    source,
    className: "reach-outlines",
    declutter: true,
    zIndex: Z.MARKS - 5,
    updateWhileAnimating: true,
    updateWhileInteracting: true,
    // Named only where the rest is dimmed: else the layer of areas names them.
    style: (feature) => outlineStyle(dimmed ? String(feature.get("name") ?? "") : ""),
  });
  const stops = [
    map.addLayer(mask),
    map.addLayer(outlines),
    look.subscribe(() => {
      mask.changed();
      outlines.changed();
    }),
  ];
  return {
    show(polygons, options) {
      source.clear(true);
      source.addFeatures(
        polygons.map(({ name, geometry }) => {
          const feature = new Feature(format.readGeometry(geometry) ?? undefined);
          feature.set("name", name);
          return feature;
        }),
      );
      dimmed = options.dimmed;
      mask.setVisible(dimmed);
      outlines.changed();
    },
    remove() {
      for (const stop of stops) stop();
    },
  };
}

function outlineStyle(name: string): Style[] {
  const { accent, halo, text } = ink();
  return [
    new Style({ stroke: new Stroke({ color: halo, width: 6 }) }),
    new Style({
      stroke: new Stroke({ color: accent, width: 3 }),
      text: new Text({
        text: name,
        font: `650 13px ${MAP_FONT}`,
        overflow: true,
        fill: new Fill({ color: text }),
        stroke: new Stroke({ color: halo, width: 4 }),
      }),
    }),
  ];
}

/** The corners of the box around the polygons: what a view has to hold. */
export function cornersOf(geometries: readonly AreaGeometry[]): LonLat[] {
  const positions = geometries.flatMap((geometry) =>
    (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flatMap(
      (polygon) => polygon[0] ?? [],
    ),
  );
  if (!positions.length) return [];
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const [lon = 0, lat = 0] of positions) {
    west = Math.min(west, lon);
    south = Math.min(south, lat);
    east = Math.max(east, lon);
    north = Math.max(north, lat);
  }
  return [
    { lon: west, lat: south },
    { lon: east, lat: north },
  ];
}
