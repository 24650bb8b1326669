/** Who is signed in, what they may do, and how a session begins and ends. */
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { createStore } from "@/lib/store";
import { http, serverNow_ms, setUpNeeded, signedOut } from "./http";
import { IdleClock } from "./idle";
import { openLiveEarly } from "./live";
import { basemapsQuery, layersQuery } from "./map-info";
import { isProblem } from "./problem";
import { queryClient } from "./query-client";
import type { Action, Me, SecondFactorNeeded, SignInInfo } from "./types";

const ME = ["me"] as const;

async function askMe(): Promise<Me | null> {
  try {
    return await http.get<Me>("/api/v1/me");
  } catch (error) {
    if (isProblem(error) && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

async function readMe(): Promise<Me | null> {
  const me = await askMe();
  if (me) startClock(me);
  return me;
}

/** Ask who is signed in before anything is drawn; when somebody is, what the map needs first is asked for too. */
export async function startSession(): Promise<void> {
  const me = await queryClient.fetchQuery({ queryKey: ME, queryFn: readMe }).catch(() => null);
  if (me) prepareMap(me);
}

function prepareMap(me: Me): void {
  // Until the set-up is done every other door refuses.
  if (me.must_set_up.length) return;
  openLiveEarly();
  void queryClient.prefetchQuery(layersQuery);
  void queryClient.prefetchQuery(basemapsQuery);
}

/** null: nobody is signed in; undefined data: not known yet. */
export function useSession() {
  return useQuery({ queryKey: ME, queryFn: readMe, staleTime: Number.POSITIVE_INFINITY });
}

/** The person signed in. Only below the sign-in gate. */
export function useMe(): Me {
  const { data } = useSession();
  if (!data) throw new Error("useMe is for screens behind the sign-in page.");
  return data;
}

export function useMay(action: Action): boolean {
  return useMe().actions.includes(action);
}

/** What the sign-in page offers. It works without an answer: then there is the name and the password. */
const signInQuery = queryOptions({
  queryKey: ["sign-in"],
  queryFn: () => http.get<SignInInfo>("/api/v1/sign-in"),
});

export function useSignInInfo() {
  return useQuery(signInQuery);
}

/** Resolves with the ways of the second step when there is one; else the person is in. */
export function useSignIn() {
  return useMutation({
    mutationFn: async (credentials: { username: string; password: string; remember_device: boolean }) => {
      const answer = await http.post<Me | SecondFactorNeeded>("/api/v1/session", credentials);
      if ("needs" in answer) return answer;
      enter(answer);
      return null;
    },
  });
}

export function useSecondFactor() {
  return useMutation({
    mutationFn: (code: string) => http.post<Me>("/api/v1/session/second-factor", { code }),
    onSuccess: enter,
  });
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => http.delete<void>("/api/v1/session"),
    onSuccess: () => forgetSession(),
  });
}

/**
 * Why the person must sign in again. "idle", "aged": the map waits behind the sign-in form, with everything typed;
 * "elsewhere": another window or the server ended the session, and nothing of it is left here.
 */
export const sessionEnd = createStore<"idle" | "aged" | "elsewhere" | null>(null);

function enter(me: Me): void {
  const before = queryClient.getQueryData<Me>(ME);
  if (before && before.username !== me.username) {
    // What is on the screen belongs to somebody else; the address alone may stay.
    location.reload();
    return;
  }
  queryClient.setQueryData(ME, me);
  startClock(me);
  sessionEnd.set(null);
  if (before) void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
  else prepareMap(me);
}

const clock = new IdleClock({
  ask: async ({ idle }) => {
    // Asking /me is no sign of life; any other door is, and this one costs the server least.
    if (!idle) await http.get<SignInInfo>("/api/v1/sign-in", { idle });
    const me = await askMe();
    return me && remaining_ms(me);
  },
  onEnd: (isFinal) => sessionEnd.set(isFinal ? "aged" : "idle"),
});

function startClock(me: Me): void {
  clock.start(remaining_ms(me));
}

function remaining_ms(me: Me): number {
  return Date.parse(me.session.expires_at) - serverNow_ms();
}

export const staySignedIn = (): Promise<void> => clock.stay();
export const dismissIdleWarning = (): void => clock.dismiss();

/** Sign in anew over the map, before the session ends by itself. */
export function signInAgain(): void {
  clock.end();
}

signedOut.subscribe(() => {
  if (!queryClient.getQueryData(ME) || sessionEnd.get() !== null) return;
  if (clock.isOver()) clock.end();
  else void forgetSession("elsewhere");
});

setUpNeeded.subscribe(() => void queryClient.invalidateQueries({ queryKey: ME }));

/** Everything cached belonged to the person who left; the address keeps what was open. */
export async function forgetSession(why: "elsewhere" | null = null): Promise<void> {
  clock.stop();
  queryClient.setQueryData(ME, null);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
  sessionEnd.set(why);
  // The session's end also rotates the CSRF cookie: /me sets the new one.
  await queryClient.invalidateQueries({ queryKey: ME });
}

/** The set-up is done, or something about the person changed: ask again who they are. */
export async function refreshSession(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: ME });
  const me = queryClient.getQueryData<Me>(ME);
  if (me) prepareMap(me);
}
