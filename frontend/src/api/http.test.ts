// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from "vitest";
import { http, newIdempotencyKey, queryString, signedOut } from "./http";
import { ApiProblem, isProblem, Unreachable } from "./problem";

function answer(status: number, body: unknown, type = "application/json") {
  const response = new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "Content-Type": type },
  });
  const fetch = vi.fn(async () => response);
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

function sentHeaders(fetch: ReturnType<typeof answer>): Headers {
  const [, init] = fetch.mock.calls[0] as unknown as [string, RequestInit];
  return init.headers as Headers;
}

afterEach(() => vi.unstubAllGlobals());

describe("a request", () => {
  it("carries the CSRF token and an idempotency key when it writes", async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: the server sets it so.
    document.cookie = "csrftoken=abc123";
    const fetch = answer(200, { id: 7 });

    await http.post("/api/v1/customers/7/move", { lon: 24.9 }, { idempotencyKey: "k" });

    expect(sentHeaders(fetch).get("X-CSRFToken")).toBe("abc123");
    expect(sentHeaders(fetch).get("Idempotency-Key")).toBe("k");
  });

  it("carries neither when it reads", async () => {
    const fetch = answer(200, []);

    await http.get("/api/v1/layers");

    expect(sentHeaders(fetch).has("Idempotency-Key")).toBe(false);
  });

  it("fails with the server's code, extra members, field errors and request id", async () => {
    const body = {
      code: "version_conflict",
      detail: "Moved meanwhile.",
      request_id: "r-1",
      theirs: { version: 3 },
      errors: { lon: ["no"] },
    };
    answer(409, body, "application/problem+json");

    const error = await http.post("/api/v1/customers/7/move", {}).catch((problem: unknown) => problem);

    expect(isProblem(error, "version_conflict")).toBe(true);
    const problem = error as ApiProblem;
    expect([problem.status, problem.requestId, problem.message]).toEqual([409, "r-1", "Moved meanwhile."]);
    expect(problem.body.theirs).toEqual({ version: 3 });
    expect(problem.fieldErrors.lon).toEqual(["no"]);
  });

  it("fails as unreachable when nobody answers", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("Failed to fetch");
    });

    await expect(http.get("/api/v1/layers")).rejects.toBeInstanceOf(Unreachable);
  });

  it("notes that the session ended, but not when it only asks who is signed in", async () => {
    const before = signedOut.get();
    answer(401, {});
    await http.get("/api/v1/me").catch(() => null);
    expect(signedOut.get()).toBe(before);
    answer(401, {});
    await http.get("/api/v1/customers").catch(() => null);

    expect(signedOut.get()).toBe(before + 1);
  });

  it("gives a proxy's page of HTML a code, too", async () => {
    vi.stubGlobal("fetch", async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));

    await expect(http.get("/api/v1/layers")).rejects.toMatchObject({ code: "http_502" });
    expect(new ApiProblem(502, {}).message).toBe("HTTP 502");
  });
});

describe("the address of a request", () => {
  it("leaves out what is not set and joins lists by commas", () => {
    expect(queryString({ grade: ["special", "first"], q: "", located: false, cursor: null, limit: 50 })).toBe(
      "?grade=special,first&located=false&limit=50",
    );
    expect(queryString(undefined)).toBe("");
  });
});

describe("an idempotency key", () => {
  it("is a version 4 UUID, also without crypto.randomUUID", () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(newIdempotencyKey()).toMatch(uuid);
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(255) });

    expect(newIdempotencyKey()).toMatch(uuid);
  });
});
