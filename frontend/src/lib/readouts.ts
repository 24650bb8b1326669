/** How a person wants positions written: degrees in one of four datums, or metres of the zone that the place lies in. */
import { formatDecimal, formatDms, type LonLat } from "./coordinates";
import { DATUM_NAMES, type Datum, fromWgs84 } from "./datums";
import { project, type Zone } from "./transverse-mercator";

export const READOUTS = [
  "WGS84",
  "DMS",
  "CGCS2000",
  "GCJ02",
  "BD09",
  "GK3",
  "GK3CM",
  "GK6",
  "GK6CM",
  "UTM",
  "TM35FIN",
] as const;
export type Readout = (typeof READOUTS)[number];

export interface Written {
  /** For the screen, and more exactly for the clipboard. Longitude or easting first, as everywhere here. */
  text: string;
  exact: string;
  /** What stands beside the number: "GCJ-02", "EPSG:4527". */
  name: string;
}

/** A readout that does not reach this place is written in WGS 84, and says so. */
export function written(position: LonLat, readout: Readout, decimals = 5): Written {
  const zone = zoneAt(position, readout);
  if (zone) {
    const { e, n } = project(position, zone);
    return { text: `${e.toFixed(1)}, ${n.toFixed(1)}`, exact: `${e.toFixed(3)}, ${n.toFixed(3)}`, name: zone.code };
  }
  if (readout === "DMS") return { text: formatDms(position), exact: formatDms(position), name: DATUM_NAMES.WGS84 };
  const datum: Datum = readout in DATUM_NAMES ? (readout as Datum) : "WGS84";
  const shown = fromWgs84(position, datum);
  return { text: formatDecimal(shown, decimals), exact: formatDecimal(shown), name: DATUM_NAMES[datum] };
}

/** What makes sense at a place, and what was chosen anyway. */
export function offeredAt(position: LonLat, chosen: Readout): Readout[] {
  return READOUTS.filter((readout) => readout === chosen || isDegrees(readout) || zoneAt(position, readout) !== null);
}

/** What was kept may come from another version of the page. */
export function readoutOf(text: string): Readout {
  return READOUTS.find((readout) => readout === text) ?? "WGS84";
}

export function isDegrees(readout: Readout): boolean {
  return readout === "DMS" || readout in DATUM_NAMES;
}

export function zoneAt({ lon, lat }: LonLat, readout: Readout): Zone | null {
  switch (readout) {
    case "GK3":
      return gaussKruger(Math.floor(lon / 3 + 0.5), 3, 25, 45, 4513, true);
    case "GK3CM":
      return gaussKruger(Math.floor(lon / 3 + 0.5), 3, 25, 45, 4534, false);
    case "GK6":
      return gaussKruger(Math.floor(lon / 6) + 1, 6, 13, 23, 4491, true);
    case "GK6CM":
      return gaussKruger(Math.floor(lon / 6) + 1, 6, 13, 23, 4502, false);
    case "UTM": {
      if (lat < -80 || lat > 84) return null;
      const zone = Math.min(60, Math.floor((lon + 180) / 6) + 1);
      return {
        code: `EPSG:${(lat < 0 ? 32_700 : 32_600) + zone}`,
        central_deg: 6 * zone - 183,
        scale: 0.9996,
        falseEasting_m: 500_000,
        falseNorthing_m: lat < 0 ? 10_000_000 : 0,
      };
    }
    case "TM35FIN": {
      if (lon < 19 || lon > 32 || lat < 58.8 || lat > 70.2) return null;
      return { code: "EPSG:3067", central_deg: 27, scale: 0.9996, falseEasting_m: 500_000, falseNorthing_m: 0 };
    }
    default:
      return null;
  }
}

function gaussKruger(
  zone: number,
  width_deg: 3 | 6,
  first: number,
  last: number,
  firstCode: number,
  prefix: boolean,
): Zone | null {
  if (zone < first || zone > last) return null;
  return {
    code: `EPSG:${firstCode + zone - first}`,
    central_deg: width_deg === 3 ? 3 * zone : 6 * zone - 3,
    scale: 1,
    falseEasting_m: 500_000 + (prefix ? zone * 1_000_000 : 0),
    falseNorthing_m: 0,
  };
}
