/** Numbers, units, dates for people: locale's separators, tabular figures, one rule of decimals per unit. */
import i18next from "i18next";
import { currentLanguage } from "./i18n";

const DECIMALS: Readonly<Record<string, number>> = {
  kVA: 0,
  kW: 1,
  kvar: 1,
  kWh: 0,
  kV: 1,
  V: 0,
  A: 1,
  "%": 1,
  m: 0,
  km: 2,
  ha: 2,
  "m²": 0,
  "km²": 2,
};

function locale(): string {
  return currentLanguage() === "zh" ? "zh-CN" : "en-GB";
}

/** Making a formatter costs a hundred times what using one does: a list scrolls through thousands of numbers. */
const made = new Map<string, unknown>();

function formatter<T>(key: string, make: (locale: string) => T): T {
  const full = `${locale()}|${key}`;
  if (!made.has(full)) made.set(full, make(locale()));
  return made.get(full) as T;
}

export function formatNumber(value: number, decimals = 0): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return formatter(`number|${decimals}`, (at) => new Intl.NumberFormat(at, digits)).format(value);
}

/** "1,250 kVA"; null when there is no value: the caller says "no data", never 0. */
export function formatQuantity(value: number | string | null | undefined, unit: string): string | null {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  if (!Number.isFinite(number)) return null;
  return `${formatNumber(number, DECIMALS[unit] ?? 0)} ${unit}`;
}

/** A geodesic length in metres as "340 m" or "3.42 km". */
export function formatLength(length_m: number): string {
  return length_m < 1_000
    ? `${formatNumber(length_m, length_m < 10 ? 1 : 0)} m`
    : `${formatNumber(length_m / 1_000, 2)} km`;
}

export function formatArea(area_m2: number): string {
  if (area_m2 < 10_000) return `${formatNumber(area_m2)} m²`;
  if (area_m2 < 1_000_000) return `${formatNumber(area_m2 / 10_000, 2)} ha`;
  return `${formatNumber(area_m2 / 1_000_000, 2)} km²`;
}

/** Date and time in the utility's zone, not the browser's: "24 Nov 2026, 09:10". A view that shows it names the zone once. */
export function formatTime(instant: string | Date, zone: string | undefined): string {
  const options: Intl.DateTimeFormatOptions = {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
    timeZone: zone,
  };
  return formatter(`time|${zone}`, (at) => new Intl.DateTimeFormat(at, options)).format(new Date(instant));
}

/** "Eastern European Time"; without a zone of the utility, the browser's. */
export function zoneName(zone: string | undefined): string {
  const named = formatter(
    `zone|${zone}`,
    (at) => new Intl.DateTimeFormat(at, { timeZoneName: "longGeneric", timeZone: zone }),
  );
  return named.formatToParts(new Date()).find(({ type }) => type === "timeZoneName")?.value ?? zone ?? "";
}

/** For a title, which stands alone: "24 Nov 2026, 09:10 (Eastern European Time)". */
export function formatMoment(instant: string | Date, zone: string | undefined): string {
  const [time, name] = [formatTime(instant, zone), zoneName(zone)];
  return currentLanguage() === "zh" ? `${time}（${name}）` : `${time} (${name})`;
}

/** "14:03:27" in the utility's zone. */
export function formatTimeOfDay(instant: Date, zone: string | undefined): string {
  const parts: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  };
  return formatter(`clock|${zone}`, (at) => new Intl.DateTimeFormat(at, parts)).format(instant);
}

/** "1.4 GB": powers of 1,000, as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** step;
  return `${formatNumber(value, step && value < 100 ? 1 : 0)} ${units[step]}`;
}

/** A civil date ("2026-11-24" of the server) as "24 Nov 2026": no zone can shift it. */
export function formatDate(date: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" }).format(
    new Date(`${date}T00:00:00Z`),
  );
}

/** A time to wait as "4:05", or "1:02:09". */
export function formatClock(seconds: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** "3 minutes ago", from the two instants handed in; below a minute "just now". */
export function formatAge(instant: string | Date, now: Date): string {
  // The server's clock may be a little ahead of this one: nothing was changed in the future.
  return relative(Math.min(0, secondsBetween(now, instant)));
}

/** "in 3 hours" for what is still to come, "3 hours ago" when it has passed. */
export function formatWhen(instant: string | Date, now: Date): string {
  return relative(secondsBetween(now, instant));
}

function secondsBetween(now: Date, instant: string | Date): number {
  return Math.round((new Date(instant).getTime() - now.getTime()) / 1_000);
}

function relative(seconds: number): string {
  const format = formatter("age", (at) => new Intl.RelativeTimeFormat(at, { numeric: "auto" }));
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["year", 31_557_600],
    ["month", 2_629_800],
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  for (const [unit, size] of steps)
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return i18next.t("common:justNow");
}
