/** The server's messages (docs/contract.md), in its own words and units. */

export interface Title {
  en: string;
  zh: string;
}

export type Grade = "special" | "first" | "second" | "temporary" | "none";
export type CustomerClass = "large" | "top100" | "key100" | "growth100" | "own_transformer" | "dedicated_feeder";
export type CustomerStatus = "normal" | "commissioning" | "changing" | "closed";
export type PointSource = "survey" | "gps" | "map_click" | "address" | "typed" | "import" | "imagery" | "device";
export type Action = "view" | "add" | "move" | "edit" | "delete" | "approve" | "export";

export const GRADES: readonly Grade[] = ["special", "first", "second", "temporary", "none"];
export const CLASSES: readonly CustomerClass[] = [
  "large",
  "top100",
  "key100",
  "growth100",
  "own_transformer",
  "dedicated_feeder",
];
export const STATUSES: readonly CustomerStatus[] = ["normal", "commissioning", "changing", "closed"];
export const POINT_SOURCES: readonly PointSource[] = [
  "survey",
  "gps",
  "map_click",
  "address",
  "typed",
  "import",
  "imagery",
  "device",
];

/** west, south, east, north in degrees. */
export type Bbox = readonly [number, number, number, number];

export interface AreaInfo {
  kind: "county" | "service_area";
  code: string;
  name: string;
  name_zh: string;
  bbox: Bbox;
}

export interface Me {
  username: string;
  name: string;
  role: string;
  actions: Action[];
  utility: { zone: string; name: string; guard_distance_m: number; home: Bbox | null; areas: AreaInfo[] };
}

export interface LayerPart {
  id: string;
  geometry: "point" | "line" | "polygon";
  min_zoom: number;
  properties: string[];
}

export interface LayerInfo {
  id: string;
  title: Title;
  stream: string | null;
  tiles: string;
  tilejson: string;
  geojson: string;
  min_zoom: number;
  max_zoom: number;
  cluster_below: number | null;
  parts: LayerPart[];
  legend: { part: string; label: Title; symbol: Record<string, unknown> }[];
  actions: Action[];
  follows: string | null;
  filters: string[];
}

export interface BasemapInfo {
  key: string;
  kind: "vector" | "imagery";
  title: Title;
  url: string;
  format: "mvt" | "png" | "jpeg";
  min_zoom: number;
  max_zoom: number;
  bounds: Bbox | null;
  datum: string;
  date: string | null;
  licence: string;
  attribution: string;
  note: Title | null;
  status: "ok" | "down";
}

export interface CustomerRow {
  id: number;
  account_no: string;
  name: string;
  name_en: string | null;
  name_zh: string | null;
  enterprise: { id: number; name: string } | null;
  grade: Grade;
  classes: CustomerClass[];
  status: CustomerStatus;
  address: string;
  contract_kva: number | null;
  running_kva: number | null;
  voltage: string | null;
  area: { code: string; name: string; name_zh: string } | null;
  lon: number | null;
  lat: number | null;
  /** Of the ledger fields: the base of an edit or a delete. */
  version: number;
  /** Of the position: the base of a move or an undo. */
  point_version: number;
  deleted_at: string | null;
  updated_at: string;
}

export interface CustomerPoint {
  lon: number;
  lat: number;
  datum: string;
  source: PointSource;
  accuracy_m: number | null;
  converted_by: string | null;
  version: number;
  updated_at: string;
  updated_by: string | null;
}

export interface Contact {
  name: string;
  role: string;
  phone: string;
  is_duty: boolean;
}

export interface Move {
  id: number;
  kind: "place" | "move" | "undo" | "remove" | "restore";
  at: string;
  actor: string;
  actor_name: string;
  from: { lon: number; lat: number } | null;
  to: { lon: number; lat: number } | null;
  distance_m: number | null;
  reason: string;
  device: string;
  base_version: number;
  version: number;
  undoes: number | null;
  undone_by: number | null;
  can_undo: boolean;
}

export interface CustomerCard extends CustomerRow {
  point: CustomerPoint | null;
  contacts: Contact[];
  class_memberships: { business_class: CustomerClass; valid_from_date: string; list_year: number | null }[];
  grade_since: string | null;
  delete_reason: string;
  /** The demo's electrical data and people: said on the screen. */
  made_up: boolean;
  actions: Action[];
  last_move: Move | null;
}

export interface Page<Row> {
  count: number;
  next: string | null;
  results: Row[];
}

export interface CustomerCounts {
  total: number;
  located: number;
  unlocated: number;
  by_grade: Record<string, number>;
  by_class: Record<string, number>;
  by_status: Record<string, number>;
  contract_kva: number;
}

export interface SearchResult {
  kind: "customer" | "place" | "coordinate";
  id: number | string | null;
  title: string;
  subtitle: string;
  match: "name" | "pinyin" | "initials" | "account" | "phone" | "address" | "coordinate";
  grade?: Grade;
  status?: CustomerStatus;
  lon: number | null;
  lat: number | null;
  zoom: number | null;
}

export interface SearchAnswer {
  results: SearchResult[];
  took_ms: number;
}

export interface Feature {
  type: "Feature";
  id: number;
  geometry: { type: "Point"; coordinates: [number, number] } | null;
  properties: Record<string, unknown>;
}
