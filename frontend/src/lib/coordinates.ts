/** Read what a person types or pastes as a position, and write positions for people. Order inside the code: lon, lat. */

export interface LonLat {
  lon: number;
  lat: number;
}

/**
 * One way a text can be read. Two bare decimals can be lon, lat or lat, lon: both readings come back when both are
 * possible, and the interface asks.
 */
export interface Reading extends LonLat {
  notation: "decimal" | "dms";
  order: "lon_lat" | "lat_lon";
}

const DECIMAL_PAIR = /^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*[,;，；\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*$/;
const PART =
  /([NSEW])?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[°d:\s]\s*(?:(\d{1,2}(?:\.\d+)?)\s*['′’m:]?\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*(?:["″”s]|'')?\s*)?([NSEW])?/gi;
/** Chinese notation, word for sign. */
const CHINESE: readonly (readonly [RegExp, string])[] = [
  [/北纬?/g, "N"],
  [/南纬?/g, "S"],
  [/东经?/g, "E"],
  [/西经?/g, "W"],
  [/度/g, "°"],
  [/分/g, "′"],
  [/秒/g, "″"],
];
const LETTERED =
  /^\s*(?:([NSEWnsew])\s*([+-]?\d{1,3}(?:\.\d+)?)|([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEWnsew]))\s*[,;，；\s]\s*(?:([NSEWnsew])\s*([+-]?\d{1,3}(?:\.\d+)?)|([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEWnsew]))\s*$/;

export function readCoordinates(typed: string): Reading[] {
  const text = CHINESE.reduce((done, [word, sign]) => done.replace(word, sign), typed);
  return readLettered(text) ?? readDecimal(text) ?? readDms(text) ?? [];
}

function readDecimal(text: string): Reading[] | null {
  const match = DECIMAL_PAIR.exec(text);
  if (!match) return null;
  const [first, second] = [Number(match[1]), Number(match[2])];
  // "60 25" is as likely a street number pair as a position: at least one decimal point, or a comma, must be there.
  if (!/[.,;，；]/.test(text)) return null;
  const readings: Reading[] = [
    { lon: first, lat: second, notation: "decimal", order: "lon_lat" },
    { lon: second, lat: first, notation: "decimal", order: "lat_lon" },
  ];
  return readings.filter(isOnEarth);
}

function readLettered(text: string): Reading[] | null {
  const match = LETTERED.exec(text);
  if (!match) return null;
  return pair(
    { letter: match[1] ?? match[4], degrees: Number(match[2] ?? match[3]) },
    { letter: match[5] ?? match[8], degrees: Number(match[6] ?? match[7]) },
    "decimal",
  );
}

function readDms(text: string): Reading[] | null {
  const parts = [...text.trim().matchAll(PART)].filter((part) => part[3] !== undefined || part[1] || part[5]);
  if (parts.length !== 2) return null;
  const values = parts.map((part) => {
    const minutes = Number(part[3] ?? 0);
    const seconds = Number(part[4] ?? 0);
    const degrees = Number(part[2]);
    const size = Math.abs(degrees) + minutes / 60 + seconds / 3_600;
    return {
      letter: part[1] ?? part[5],
      degrees: minutes >= 60 || seconds >= 60 ? Number.NaN : Object.is(Math.sign(degrees), -1) ? -size : size,
    };
  });
  const [first, second] = values;
  return first && second ? pair(first, second, "dms") : null;
}

interface Part {
  letter: string | undefined;
  degrees: number;
}

function pair(first: Part, second: Part, notation: Reading["notation"]): Reading[] {
  const axis = (part: Part) => (!part.letter ? null : /[NSns]/.test(part.letter) ? "lat" : "lon");
  const signed = (part: Part) => (part.letter && /[SWsw]/.test(part.letter) ? -Math.abs(part.degrees) : part.degrees);
  const [a, b] = [axis(first), axis(second)];
  if (a !== null && a === b) return [];
  const readings: Reading[] = [];
  if (a !== "lat" && b !== "lon") {
    readings.push({ lon: signed(first), lat: signed(second), notation, order: "lon_lat" });
  }
  if (a !== "lon" && b !== "lat") {
    readings.push({ lon: signed(second), lat: signed(first), notation, order: "lat_lon" });
  }
  return readings.filter(isOnEarth);
}

export function isOnEarth({ lon, lat }: LonLat): boolean {
  return Number.isFinite(lon) && Number.isFinite(lat) && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

/** "24.941400, 60.171100": lon, lat in decimal degrees. */
export function formatDecimal({ lon, lat }: LonLat, decimals = 6): string {
  return `${lon.toFixed(decimals)}, ${lat.toFixed(decimals)}`;
}

export function formatDms({ lon, lat }: LonLat): string {
  return `${dms(lat, "N", "S")} ${dms(lon, "E", "W")}`;
}

function dms(degrees: number, positive: string, negative: string): string {
  const tenths = Math.round(Math.abs(degrees) * 36_000);
  const d = Math.floor(tenths / 36_000);
  const m = Math.floor((tenths % 36_000) / 600);
  const s = (tenths % 600) / 10;
  return `${d}°${String(m).padStart(2, "0")}′${s.toFixed(1).padStart(4, "0")}″${degrees < 0 ? negative : positive}`;
}
