/**
 * The server's messages by the names the code uses. They come from its OpenAPI (schema.d.ts, `npm run api:types`);
 * `With` only says more exactly what the schema leaves open.
 */
import type { components } from "./schema";

type Schema = components["schemas"];
type With<Message, More> = Omit<Message, keyof More> & More;

export interface Title {
  en: string;
  zh: string;
}

export type Grade = Schema["Grade"];
export type CustomerClass = Schema["BusinessClass"];
export type CustomerStatus = Schema["Status"];
export type PointSource = Schema["PointSource"];
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

export type AreaInfo = With<Schema["AreaOut"], { kind: "county" | "service_area"; bbox: Bbox }>;

export type Me = With<
  Schema["MeOut"],
  {
    actions: Action[];
    utility: With<Schema["UtilityOut"], { home: Bbox | null; areas: AreaInfo[] }>;
  }
>;

export type SetUpStep = Me["must_set_up"][number];

/** The first factor was right, the second is asked for. */
export type SecondFactorNeeded = Schema["SecondFactorNeeded"];

export type PasswordRule = Schema["PasswordRuleOut"];

/** What the sign-in page offers, and the rules for new passwords. */
export type SignInInfo = Schema["SignInFrameOut"];

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

export type BasemapInfo = With<Schema["BasemapOut"], { title: Title; note: Title | null; bounds: Bbox | null }>;

/**
 * `version` is of the ledger fields: the base of an edit or a delete; `point_version` of the position: the base of a
 * move or an undo.
 */
export type CustomerRow = Schema["CustomerRow"];

export type CustomerPoint = With<Schema["PointOut"], { source: PointSource | "" }>;

export type Contact = Schema["ContactOut"];

export type Move = With<
  Schema["HistoryRow"],
  { kind: Schema["MoveKind"]; version: number; base_version: number; changes?: never[] }
>;

/** A change of the ledger, told beside the moves. */
export type Edit = With<Schema["HistoryRow"], { kind: "edit" }>;

export type HistoryRow = Move | Edit;

export type CustomerCard = With<Schema["CustomerCard"], { point: CustomerPoint | null; actions: Action[] }>;

export interface Page<Row> {
  count: number;
  next: string | null;
  results: Row[];
}

export type CustomerCounts = Schema["Counts"];

export type SearchResult = With<
  Schema["Found"],
  { id: number | string | null; grade?: Grade; status?: CustomerStatus }
>;

export type SearchAnswer = With<Schema["FoundList"], { results: SearchResult[] }>;

export interface Feature {
  type: "Feature";
  id: number;
  geometry: { type: "Point"; coordinates: [number, number] } | null;
  properties: Record<string, unknown>;
}

/** Where one is signed in; `device` is what the browser calls itself. */
export type SessionRow = Schema["SessionOut"];

export type AccountSecurity = Schema["SecurityOut"];

/** `qr_svg` says what `uri` says; `secret` is for typing. */
export type TotpStart = Schema["NewTotpOut"];

export type AccessToken = Schema["TokenOut"];

export type NewToken = Schema["NewTokenRequest"];

/** The only time that the token itself is told: null when the command was answered before. */
export type MadeToken = Schema["TokenMade"];
