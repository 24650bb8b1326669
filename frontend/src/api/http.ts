/** One way to talk to the server: session cookie, CSRF token, Idempotency-Key on writes, refusals as ApiProblem. */
import { isAttended } from "@/lib/activity";
import { currentLanguage } from "@/lib/i18n";
import { createStore } from "@/lib/store";
import { ApiProblem, type ProblemBody, Unreachable } from "./problem";

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  /** Of the command, not of the attempt: hand the same key in again when retrying the same command. */
  idempotencyKey?: string;
  /** True: the page asks by itself, and the session's idle time goes on. Else what the person's hands say. */
  idle?: boolean;
}

export function queryString(query: Query | undefined): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === null || value === undefined || value === "") continue;
    params.set(key, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = params.toString();
  return text ? `?${text.replace(/%2C/g, ",")}` : "";
}

/** Counts how often the server said that nobody is signed in any more; the session listens. */
export const signedOut = createStore(0);

export function noteSignedOut(): void {
  signedOut.set((times) => times + 1);
}

/** Counts how often the server refused because the person has a set-up step to do first; the session listens. */
export const setUpNeeded = createStore(0);

/** Tells the server that nobody touches the page: such a request does not keep the session alive. */
export function idleHeader(idle = !isAttended()): Record<string, string> {
  return idle ? { "X-Idle": "1" } : {};
}

let clockAhead_ms = 0;

/** The server's clock, to the second, as its last answer told it. */
export function serverNow_ms(): number {
  return Date.now() + clockAhead_ms;
}

/** Also for the forms that leave the page (sign-in with an account of the organisation). */
export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

export function newIdempotencyKey(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  // randomUUID is missing on plain http other than localhost (a tablet in the depot's network).
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const headers = new Headers({ Accept: "application/json, application/problem+json", ...idleHeader(options.idle) });
  // The server's own sentences, as of a password that is no good, come in the language of the interface.
  headers.set("Accept-Language", currentLanguage() === "zh" ? "zh-hans" : "en");
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.signal) init.signal = options.signal;
  if (method !== "GET") {
    headers.set("X-CSRFToken", csrfToken());
    headers.set("Idempotency-Key", options.idempotencyKey ?? newIdempotencyKey());
  }
  if (options.body !== undefined) {
    headers.set("Content-Type", "application/json");
    init.body = JSON.stringify(options.body);
  }

  let response: Response;
  try {
    response = await fetch(path + queryString(options.query), init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable("The server did not answer.", { cause: error });
  }

  const answered = Date.parse(response.headers.get("Date") ?? "");
  if (answered) clockAhead_ms = answered - Date.now();
  if (response.status === 401 && !/^\/api\/v1\/(me|session)(\/|$)/.test(path)) noteSignedOut();
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === "setup_needed") setUpNeeded.set((times) => times + 1);
    throw problem;
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const body = isJson ? ((await response.json().catch(() => ({}))) as ProblemBody) : {};
  const requestId = body.request_id ?? response.headers.get("X-Request-ID") ?? undefined;
  return new ApiProblem(response.status, { ...body, ...(requestId ? { request_id: requestId } : {}) });
}

export const http = {
  get: <T>(path: string, options?: RequestOptions) => request<T>("GET", path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>("POST", path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>("PATCH", path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>("PUT", path, { ...options, body }),
  delete: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>("DELETE", path, { ...options, body }),
};
