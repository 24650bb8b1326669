/**
 * The one map of the page. Wraps OpenLayers so that nobody outside map/ and layers/ sees it:
 * features speak in lon, lat and call these methods.
 */
import Collection from "ol/Collection.js";
import { easeOut } from "ol/easing.js";
import { altShiftKeysOnly, shiftKeyOnly } from "ol/events/condition.js";
import { boundingExtent } from "ol/extent.js";
import DoubleClickZoom from "ol/interaction/DoubleClickZoom.js";
import DragPan from "ol/interaction/DragPan.js";
import DragRotate from "ol/interaction/DragRotate.js";
import DragZoom from "ol/interaction/DragZoom.js";
import type Interaction from "ol/interaction/Interaction.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import PinchRotate from "ol/interaction/PinchRotate.js";
import PinchZoom from "ol/interaction/PinchZoom.js";
import Kinetic from "ol/Kinetic.js";
import type BaseLayer from "ol/layer/Base.js";
import OlMap from "ol/Map.js";
import type MapBrowserEvent from "ol/MapBrowserEvent.js";
import { unByKey } from "ol/Observable.js";
import { fromLonLat, toLonLat } from "ol/proj.js";
import View from "ol/View.js";
import type { LonLat } from "@/lib/coordinates";
import { createStore, type Store } from "@/lib/store";
import type { MapView } from "@/lib/url-state";

/** Something the pointer is on. `layer` is the server's layer id. */
export interface Hit {
  layer: string;
  id: number;
  lonLat: LonLat;
  properties: Readonly<Record<string, unknown>>;
}

export interface MapClick {
  lonLat: LonLat;
  hits: readonly Hit[];
  /** Pixel in the map's element: where to anchor a pop-up. */
  pixel: readonly [number, number];
}

/**
 * While a mode is on, clicks go to it and do not select. One mode at a time: entering another leaves the first.
 * "Drawing uses an explicit mode, and controls never draw."
 */
export interface MapMode {
  id: string;
  /** Sentence for the hint bar over the map, already translated. */
  hint?: string;
  cursor?: string;
  onClick?: (click: MapClick) => void;
  /** Arrow keys, Enter, ... while the map has the focus; return true when used. */
  onKey?: (event: KeyboardEvent) => boolean;
  /** Called once when the mode ends: by leave(), by Esc, by another mode. Clean up here. */
  onLeave?: () => void;
}

export interface SettledView extends MapView {
  /** west, south, east, north in degrees. */
  bbox: readonly [number, number, number, number];
  rotation: number;
}

/** A way to find what is under a pixel: layers register theirs. */
export type Picker = (pixel: readonly [number, number], tolerance: number) => readonly Hit[];

export interface ViewPadding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

const reducedMotion = () => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/** Heights in the drawing order of layers; anything of a feature goes between CUSTOMERS and TOP. */
export const Z = { BASE: 0, LABELS: 5, AREAS: 10, NETWORK: 20, CUSTOMERS: 40, MARKS: 60, DRAFT: 80, TOP: 100 } as const;

export class GridMap {
  readonly ol: OlMap;
  readonly view: View;
  /** The view after the last movement; components subscribe with useStore. */
  readonly settled: Store<SettledView>;
  /** Where the pointer is, or null; changes at most once a frame. */
  readonly pointer: Store<LonLat | null> = createStore<LonLat | null>(null);
  readonly hovered: Store<Hit | null> = createStore<Hit | null>(null);
  /** True once the first picture with its tiles was drawn: what is not the map waits for it. */
  readonly drawn: Store<boolean> = createStore(false);
  readonly mode: Store<MapMode | null> = createStore<MapMode | null>(null);

  private padding: ViewPadding = { top: 0, right: 0, bottom: 0, left: 0 };
  /** What a feature's own box covers (the panel of a move); the shell keeps its lower edge above it. */
  readonly inset: Store<Partial<ViewPadding>> = createStore<Partial<ViewPadding>>({});
  private readonly pickers = new Set<Picker>();
  private readonly clickListeners = new Set<(click: MapClick) => void>();
  private takenByMode = false;

  /** False when the address named no view: a selection in it then decides where the map goes. */
  readonly hadView: boolean;

  constructor(start: MapView, { hadView = true }: { hadView?: boolean } = {}) {
    this.hadView = hadView;
    this.view = new View({
      center: fromLonLat([start.lon, start.lat]),
      zoom: start.zoom,
      minZoom: 2,
      maxZoom: 20,
      enableRotation: true,
      constrainResolution: false,
      smoothResolutionConstraint: true,
    });
    this.ol = new OlMap({ view: this.view, controls: [], interactions: standardInteractions(), layers: [] });
    this.settled = createStore<SettledView>({ ...start, bbox: [0, 0, 0, 0], rotation: 0 });
    this.ol.on("moveend", () => this.settle());
    const drawn = this.ol.on("rendercomplete", () => {
      if (!this.ol.getLayers().getLength()) return;
      unByKey(drawn);
      // tests/bench reads it: from here on a person sees the map with everything in it.
      performance.mark("first-map");
      this.drawn.set(true);
    });
    // A slow tile must not keep the controls away.
    setTimeout(() => this.drawn.set(true), 3_000);
    // A mode acts at once: who is quick and presses "Add" finds the place set. Outside of modes a click waits until it
    // cannot become a double click. Both events come for one click, and only the first may act.
    this.ol.on("click", (event) => {
      this.takenByMode = this.mode.get() !== null;
      if (this.takenByMode) this.mode.get()?.onClick?.(this.clickOf(event as MapBrowserEvent<PointerEvent>));
    });
    this.ol.on("singleclick", (event) => {
      if (this.takenByMode) return;
      const click = this.clickOf(event as MapBrowserEvent<PointerEvent>);
      for (const listener of [...this.clickListeners]) listener(click);
    });
    this.ol.on("pointermove", (event) => this.handlePointer(event as MapBrowserEvent<PointerEvent>));
  }

  /** Put the map into a page element; null takes it out. */
  attach(element: HTMLElement | null): void {
    this.ol.setTarget(element ?? undefined);
    element?.addEventListener("pointerleave", () => {
      this.pointer.set(null);
      this.hovered.set(null);
    });
  }

  /**
   * The middle of the whole map, panels or not: a copied link shows the same picture whatever is open.
   * (The view's own centre is the middle of what panels leave free.)
   */
  get shown(): MapView {
    const [x = 0, y = 0] = this.view.getCenter() ?? [0, 0];
    const [dx, dy] = this.paddingShift(this.view.getResolution() ?? 1);
    const [lon = 0, lat = 0] = toLonLat([x + dx, y + dy]);
    return { lon: wrapLon(lon), lat, zoom: this.view.getZoom() ?? 0 };
  }

  /** Parts of the map hidden by panels: flights end in the middle of what is left. The picture stays where it is. */
  setPadding(padding: ViewPadding): void {
    this.padding = padding;
    this.applyPadding();
  }

  /** What a feature's own box covers beside the shell's panels (the panel of a move). Null when it is gone. */
  setInset(inset: Partial<ViewPadding> | null): void {
    this.inset.set(inset ?? {});
    this.applyPadding();
  }

  private applyPadding(): void {
    const inset = this.inset.get();
    const sides = ["top", "right", "bottom", "left"] as const;
    this.view.padding = sides.map((side) => Math.max(this.padding[side], inset[side] ?? 0));
    // What can be seen is another box now, although the map did not move.
    this.settle();
  }

  /** Fly there; without a zoom the present one is kept when it is near enough to see a site. */
  flyTo({ lon, lat, zoom }: LonLat & { zoom?: number | null }): void {
    const target = zoom ?? Math.max(this.view.getZoom() ?? 0, 15);
    this.view.cancelAnimations();
    const center = fromLonLat([lon, lat]);
    if (reducedMotion()) {
      this.view.setCenter(center);
      this.view.setZoom(target);
      return;
    }
    this.view.animate({ center, zoom: target, duration: 450, easing: easeOut });
  }

  /** Show all of these positions. */
  fit(positions: readonly LonLat[], { maxZoom = 16 }: { maxZoom?: number } = {}): void {
    if (!positions.length) return;
    const extent = boundingExtent(positions.map(({ lon, lat }) => fromLonLat([lon, lat])));
    this.view.fit(extent, { maxZoom, duration: reducedMotion() ? 0 : 450, padding: [60, 60, 60, 60] });
  }

  /** Only move when the position is outside of what can be seen. */
  reveal(position: LonLat): void {
    const pixel = this.pixelOf(position);
    const size = this.ol.getSize();
    const [top = 0, right = 0, bottom = 0, left = 0] = this.view.padding ?? [];
    const [width = 0, height = 0] = size ?? [];
    const margin = 44;
    const inside =
      pixel &&
      pixel[0] > left + margin &&
      pixel[0] < width - right - margin &&
      pixel[1] > top + margin &&
      pixel[1] < height - bottom - margin;
    if (!inside) this.flyTo({ ...position, zoom: this.view.getZoom() });
  }

  setView(view: MapView): void {
    this.view.cancelAnimations();
    this.view.setZoom(view.zoom);
    const [x = 0, y = 0] = fromLonLat([view.lon, view.lat]);
    const [dx, dy] = this.paddingShift(this.view.getResolution() ?? 1);
    this.view.setCenter([x - dx, y - dy]);
  }

  zoomBy(steps: number): void {
    this.view.animate({ zoom: (this.view.getZoom() ?? 0) + steps, duration: reducedMotion() ? 0 : 180 });
  }

  /** Move the view by a share of the screen: (1, 0) is half a screen to the east. */
  panBy(east: number, north: number): void {
    const [width = 0, height = 0] = this.ol.getSize() ?? [];
    const resolution = this.view.getResolution() ?? 1;
    const [x = 0, y = 0] = this.view.getCenter() ?? [];
    this.view.animate({
      center: [x + (east * width * resolution) / 2, y + (north * height * resolution) / 2],
      duration: reducedMotion() ? 0 : 150,
    });
  }

  resetNorth(): void {
    this.view.animate({ rotation: 0, duration: reducedMotion() ? 0 : 200 });
  }

  /** The box of the whole map in units of the projection, what panels cover included. */
  wholeExtent(): [number, number, number, number] {
    const [width = 0, height = 0] = this.ol.getSize() ?? [];
    const corners = [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ].map((pixel) => this.ol.getCoordinateFromPixel(pixel));
    return boundingExtent(corners.filter((corner) => corner !== null)) as [number, number, number, number];
  }

  pixelOf({ lon, lat }: LonLat): readonly [number, number] | null {
    const pixel = this.ol.getPixelFromCoordinate(fromLonLat([lon, lat])) as [number, number] | null;
    return pixel ?? null;
  }

  lonLatAt(pixel: readonly [number, number]): LonLat {
    return this.lonLatOf(this.ol.getCoordinateFromPixel([...pixel]));
  }

  /** Of a position in units of the projection. */
  lonLatOf(position: readonly number[]): LonLat {
    const [lon = 0, lat = 0] = toLonLat([...position]);
    return { lon: wrapLon(lon), lat };
  }

  /** Take over clicks and keys. Returns how to leave again. */
  enterMode(mode: MapMode): () => void {
    this.leaveMode();
    this.mode.set(mode);
    this.setCursor(mode.cursor ?? "crosshair");
    return () => {
      if (this.mode.get() === mode) this.leaveMode();
    };
  }

  leaveMode(): void {
    const mode = this.mode.get();
    if (!mode) return;
    this.mode.set(null);
    this.setCursor("");
    mode.onLeave?.();
  }

  /** A click outside of any mode. */
  onClick(listener: (click: MapClick) => void): () => void {
    this.clickListeners.add(listener);
    return () => this.clickListeners.delete(listener);
  }

  addPicker(picker: Picker): () => void {
    this.pickers.add(picker);
    return () => this.pickers.delete(picker);
  }

  pick(pixel: readonly [number, number], tolerance = 6): Hit[] {
    return [...this.pickers].flatMap((picker) => picker(pixel, tolerance));
  }

  addLayer(layer: BaseLayer): () => void {
    this.ol.addLayer(layer);
    return () => this.ol.removeLayer(layer);
  }

  addInteraction(interaction: Interaction): () => void {
    this.ol.addInteraction(interaction);
    return () => this.ol.removeInteraction(interaction);
  }

  /** From the middle of what is free to the middle of the map, in units of the projection. */
  private paddingShift(resolution: number): [number, number] {
    const [top = 0, right = 0, bottom = 0, left = 0] = this.view.padding ?? [];
    const [east, north] = [((right - left) / 2) * resolution, ((top - bottom) / 2) * resolution];
    const rotation = this.view.getRotation();
    return [
      east * Math.cos(rotation) - north * Math.sin(rotation),
      east * Math.sin(rotation) + north * Math.cos(rotation),
    ];
  }

  private setCursor(cursor: string): void {
    const element = this.ol.getViewport();
    if (element && element.style.cursor !== cursor) element.style.cursor = cursor;
  }

  private settle(): void {
    if (!this.ol.getSize()) return;
    // Without a size: the box of what panels leave free, so that "in view" means what can be seen.
    const [west = 0, south = 0, east = 0, north = 0] = this.view.calculateExtent();
    const [w = 0, s = 0] = toLonLat([west, south]);
    const [e = 0, n = 0] = toLonLat([east, north]);
    this.settled.set({ ...this.shown, bbox: [w, s, e, n], rotation: this.view.getRotation() });
  }

  private clickOf(event: MapBrowserEvent<PointerEvent>): MapClick {
    const pixel = event.pixel as [number, number];
    const touch = event.originalEvent.pointerType === "touch";
    return { lonLat: this.lonLatAt(pixel), hits: this.pick(pixel, touch ? 18 : 6), pixel };
  }

  private handlePointer(event: MapBrowserEvent<PointerEvent>): void {
    if (event.dragging || event.originalEvent.pointerType === "touch") return;
    const pixel = event.pixel as [number, number];
    this.pointer.set(this.lonLatAt(pixel));
    if (this.mode.get()) return;
    const hit = this.pick(pixel)[0] ?? null;
    const before = this.hovered.get();
    if (hit?.id !== before?.id || hit?.layer !== before?.layer) this.hovered.set(hit);
    this.setCursor(hit ? "pointer" : "");
  }
}

/** The view that shows the box (west, south, east, north) on this screen; the world when there is none. */
export function viewOfBbox(bbox: readonly [number, number, number, number] | null): MapView {
  if (!bbox) return { lon: 15, lat: 40, zoom: 3 };
  const [west, south, east, north] = bbox;
  const [left = 0, bottom = 0] = fromLonLat([west, south]);
  const [right = 0, top = 0] = fromLonLat([east, north]);
  const [lon = 0, lat = 0] = toLonLat([(left + right) / 2, (bottom + top) / 2]);
  const metresPerPixel = Math.max(
    (right - left) / Math.max(200, window.innerWidth - 160),
    (top - bottom) / Math.max(200, window.innerHeight - 160),
  );
  return { lon, lat, zoom: Math.min(16, Math.log2(156_543.03392804097 / metresPerPixel)) };
}

function standardInteractions(): Collection<Interaction> {
  return new Collection<Interaction>([
    new DragRotate({ condition: altShiftKeysOnly }),
    new DoubleClickZoom({ duration: 200 }),
    new DragPan({ kinetic: new Kinetic(-0.005, 0.05, 100) }),
    new PinchRotate({ threshold: 0.4 }),
    new PinchZoom(),
    new MouseWheelZoom({ duration: 180 }),
    new DragZoom({ condition: shiftKeyOnly, duration: 200 }),
  ]);
}

function wrapLon(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}
