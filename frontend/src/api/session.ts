/** Who is signed in, and what they may do. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { http, signedOut } from "./http";
import { openLiveEarly } from "./live";
import { basemapsQuery, layersQuery } from "./map-info";
import { isProblem } from "./problem";
import { queryClient } from "./query-client";
import type { Action, Me } from "./types";

const ME = ["me"] as const;

async function readMe(): Promise<Me | null> {
  try {
    return await http.get<Me>("/api/v1/me");
  } catch (error) {
    if (isProblem(error) && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

/** Ask who is signed in before anything is drawn; when somebody is, what the map needs first is asked for too. */
export async function startSession(): Promise<void> {
  const me = await queryClient.fetchQuery({ queryKey: ME, queryFn: readMe }).catch(() => null);
  if (me) prepareMap();
}

function prepareMap(): void {
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

export function useSignIn() {
  return useMutation({
    mutationFn: (credentials: { username: string; password: string }) => http.post<Me>("/api/v1/session", credentials),
    onSuccess: (me) => {
      queryClient.setQueryData(ME, me);
      prepareMap();
    },
  });
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => http.delete<void>("/api/v1/session"),
    onSuccess: forgetSession,
  });
}

// A session that ended elsewhere (another tab, the server) shows the sign-in page; the address keeps what was open.
signedOut.subscribe(() => {
  if (queryClient.getQueryData(ME)) void forgetSession();
});

/** Everything cached belonged to the person who left. */
export async function forgetSession(): Promise<void> {
  queryClient.setQueryData(ME, null);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
  // The session's end also rotates the CSRF cookie: /me sets the new one.
  await queryClient.invalidateQueries({ queryKey: ME });
}
