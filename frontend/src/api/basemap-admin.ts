/** Basemaps for administrators: those that there are, and files that become one. A file is sent in parts, and goes on where it stopped. */
import { useQuery } from "@tanstack/react-query";
import { currentLanguage } from "@/lib/i18n";
import { createStore } from "@/lib/store";
import { csrfToken, http, noteSignedOut, problemOf } from "./http";
import { isProblem, Unreachable } from "./problem";
import { queryClient } from "./query-client";
import type { components } from "./schema";

type Schema = components["schemas"];

/** The document calls fields with a default optional; an answer has all of them. */
export type AdminBasemap = Required<Schema["BasemapRow"]>;
export type BasemapUpload = Required<Schema["UploadOut"]>;
export type Datum = Schema["DatumEnum"];

export interface BasemapWords {
  title_en: string;
  title_zh: string;
  datum: Datum;
  taken_date: string | null;
  licence: string;
  attribution: string;
}

export type UploadWish = BasemapWords & { crs: string };

/** How one file is sent from here; `error` is why it stopped. */
export interface Sending {
  state: "sending" | "waiting" | "paused";
  error: unknown;
}

const ROWS = ["admin", "basemaps"] as const;
const UPLOADS = ["admin", "basemap-uploads"] as const;
const POLL_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const DOOR = "/api/v1/admin/basemap-uploads";

export const sendings = createStore<Readonly<Record<string, Sending>>>({});
const aborters = new Map<string, AbortController>();

export function useAdminBasemaps() {
  return useQuery({ queryKey: ROWS, queryFn: () => http.get<AdminBasemap[]>("/api/v1/admin/basemaps"), staleTime: 0 });
}

/** Asked again and again while the server works at one. */
export function useBasemapUploads() {
  return useQuery({
    queryKey: UPLOADS,
    queryFn: async () => {
      const before = queryClient.getQueryData<BasemapUpload[]>(UPLOADS)?.length ?? 0;
      const uploads = await http.get<BasemapUpload[]>(DOOR);
      // One that is made leaves this list and is a basemap.
      if (uploads.length < before) void queryClient.invalidateQueries({ queryKey: ROWS });
      return uploads;
    },
    refetchInterval: ({ state }) => (state.data?.some(isBeingMade) ? POLL_MS : false),
    staleTime: 0,
  });
}

export function isBeingMade({ state }: BasemapUpload): boolean {
  return state === "waiting" || state === "working";
}

/** By this a file that is chosen again is known as the one whose beginning is here. */
export function stampOf(file: File): string {
  return `${file.size}.${file.lastModified}`;
}

export const basemapAdmin = {
  change: (key: string, change: Partial<BasemapWords> & { enabled?: boolean }) =>
    again(http.patch<AdminBasemap>(`/api/v1/admin/basemaps/${key}`, change)),
  remove: (key: string) => again(http.delete<void>(`/api/v1/admin/basemaps/${key}`)),
  begin: async (file: File, wish: UploadWish) => {
    const body = { ...wish, file_name: file.name, bytes: file.size, stamp: stampOf(file) };
    const upload = await again(http.post<BasemapUpload>(DOOR, body));
    void send(upload, file);
  },
  makeAgain: (id: string, crs: string) => again(http.post<BasemapUpload>(`${DOOR}/${id}/again`, { crs })),
  giveUp: async (id: string) => {
    pause(id);
    await again(http.delete<void>(`${DOOR}/${id}`));
    note(id, null);
  },
};

export function pause(id: string): void {
  aborters.get(id)?.abort();
}

/** Send what is not there yet. A server that does not answer is asked again, until somebody pauses. */
export async function send(upload: BasemapUpload, file: File): Promise<void> {
  const { id } = upload;
  if (aborters.has(id)) return;
  const aborter = new AbortController();
  aborters.set(id, aborter);
  let error: unknown = null;
  try {
    await sendParts(upload, file, aborter.signal);
  } catch (stopped) {
    if (!aborter.signal.aborted) error = stopped;
  } finally {
    aborters.delete(id);
  }
  const known = queryClient.getQueryData<BasemapUpload[]>(UPLOADS)?.find((one) => one.id === id);
  note(id, known?.state === "receiving" ? { state: "paused", error } : null);
  void queryClient.invalidateQueries({ queryKey: UPLOADS });
}

async function sendParts(upload: BasemapUpload, file: File, signal: AbortSignal): Promise<void> {
  let { received, state } = upload;
  let failures = 0;
  while (state === "receiving" && !signal.aborted) {
    note(upload.id, { state: failures ? "waiting" : "sending", error: null });
    try {
      const told = await sendPart(upload, file.slice(received, received + upload.part_bytes), received, signal);
      ({ received, state } = told);
      failures = 0;
      queryClient.setQueryData<BasemapUpload[]>(UPLOADS, (all) => all?.map((one) => (one.id === told.id ? told : one)));
    } catch (error) {
      if (isProblem(error, "wrong_part")) received = Number(error.body.received);
      else if (
        error instanceof Unreachable ||
        (isProblem(error) && error.status >= 500) ||
        isProblem(error, "damaged_part")
      ) {
        failures += 1;
        await sleep(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures), signal);
      } else throw error;
    }
  }
}

async function sendPart(
  upload: BasemapUpload,
  part: Blob,
  offset: number,
  signal: AbortSignal,
): Promise<BasemapUpload> {
  const bytes = await part.arrayBuffer();
  const sha256 = await sha256Of(bytes);
  let response: Response;
  try {
    response = await fetch(`${DOOR}/${upload.id}/parts?offset=${offset}${sha256 && `&sha256=${sha256}`}`, {
      method: "PUT",
      credentials: "same-origin",
      signal,
      headers: {
        Accept: "application/json, application/problem+json",
        "Accept-Language": currentLanguage() === "zh" ? "zh-hans" : "en",
        "Content-Type": "application/octet-stream",
        "X-CSRFToken": csrfToken(),
      },
      body: bytes,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Unreachable("The server did not answer.", { cause: error });
  }
  if (response.status === 401) noteSignedOut();
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as BasemapUpload;
}

/** "" where the browser has no such function: on plain http other than localhost. */
async function sha256Of(bytes: ArrayBuffer): Promise<string> {
  if (!globalThis.crypto?.subtle) return "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sleep(pause_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pause_ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function note(id: string, sending: Sending | null): void {
  sendings.set(({ [id]: _, ...others }) => (sending ? { ...others, [id]: sending } : others));
}

/** What was done shows in both lists, and on the map. */
async function again<T>(deed: Promise<T>): Promise<T> {
  const done = await deed;
  await Promise.all([ROWS, UPLOADS, ["basemaps"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
  return done;
}
