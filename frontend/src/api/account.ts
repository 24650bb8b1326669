/** One's own account: sessions, second step, password, access tokens. Each change asks again for what it changed. */
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { http } from "./http";
import { queryClient } from "./query-client";
import type { AccessToken, AccountSecurity, MadeToken, NewToken, SessionRow, TotpStart } from "./types";

const SESSIONS = ["account", "sessions"] as const;
const SECURITY = ["account", "security"] as const;
const TOKENS = ["account", "tokens"] as const;

const again = (key: readonly string[]) => () => queryClient.invalidateQueries({ queryKey: key });

export function useSessions() {
  return useQuery(
    queryOptions({ queryKey: SESSIONS, queryFn: () => http.get<SessionRow[]>("/api/v1/sessions"), staleTime: 0 }),
  );
}

export function useEndSession() {
  return useMutation({
    mutationFn: (id: SessionRow["id"]) => http.delete<void>(`/api/v1/sessions/${id}`),
    // Also after a refusal: it was gone already.
    onSettled: again(SESSIONS),
  });
}

export function useEndOtherSessions() {
  return useMutation({ mutationFn: () => http.delete<void>("/api/v1/sessions"), onSettled: again(SESSIONS) });
}

export function useSecurity() {
  return useQuery(
    queryOptions({
      queryKey: SECURITY,
      queryFn: () => http.get<AccountSecurity>("/api/v1/account/security"),
      staleTime: 0,
    }),
  );
}

interface Codes {
  recovery_codes: string[];
}

/** A new secret; the second step stays as it was until a code of it is given. */
export function useStartTotp() {
  return useMutation({
    mutationFn: (password: string) => http.post<TotpStart>("/api/v1/account/totp", { password }),
  });
}

export function useActivateTotp() {
  return useMutation({
    mutationFn: (code: string) => http.put<Codes>("/api/v1/account/totp", { code }),
    onSuccess: again(SECURITY),
  });
}

export function useRemoveTotp() {
  return useMutation({
    mutationFn: (password: string) => http.delete<void>("/api/v1/account/totp", { password }),
    onSuccess: again(SECURITY),
  });
}

export function useRenewRecoveryCodes() {
  return useMutation({
    mutationFn: (password: string) => http.post<Codes>("/api/v1/account/recovery-codes", { password }),
    onSuccess: again(SECURITY),
  });
}

/** The other sessions of this person end. */
export function useChangePassword() {
  return useMutation({
    mutationFn: (passwords: { old: string; new: string }) => http.post<void>("/api/v1/account/password", passwords),
    onSuccess: async () => {
      await Promise.all([again(SECURITY)(), again(SESSIONS)()]);
    },
  });
}

/** With the key of an invitation or a reset; nobody is signed in by it. */
export function useSetPassword() {
  return useMutation({
    mutationFn: (wanted: { key: string; password: string }) => http.post<void>("/api/v1/account/set-password", wanted),
  });
}

/** Answers the same whether there is such an account or not. */
export function useAskForReset() {
  return useMutation({
    mutationFn: (username_or_email: string) => http.post<void>("/api/v1/account/password-reset", { username_or_email }),
  });
}

export function useTokens() {
  return useQuery(
    queryOptions({ queryKey: TOKENS, queryFn: () => http.get<AccessToken[]>("/api/v1/tokens"), staleTime: 0 }),
  );
}

export function useMakeToken() {
  return useMutation({
    mutationFn: (wanted: NewToken) => http.post<MadeToken>("/api/v1/tokens", wanted),
    onSuccess: again(TOKENS),
  });
}

export function useRevokeToken() {
  return useMutation({
    mutationFn: (id: AccessToken["id"]) => http.delete<void>(`/api/v1/tokens/${id}`),
    onSettled: again(TOKENS),
  });
}
