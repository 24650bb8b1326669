/** People, rights, areas, sessions, tokens, the state of the system: for administrators, who need no shell. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { http } from "./http";
import { isProblem } from "./problem";
import { queryClient } from "./query-client";
import type { components } from "./schema";
import type { Action } from "./types";

type Schema = components["schemas"];
type With<Message, More> = Omit<Message, keyof More> & More;

export const adminKeys = {
  all: ["admin"] as const,
  people: ["admin", "people"] as const,
  roles: ["admin", "roles"] as const,
  areas: ["admin", "areas"] as const,
  seeAs: ["admin", "see-as"] as const,
  sessions: ["admin", "sessions"] as const,
  tokens: ["admin", "tokens"] as const,
  system: ["admin", "system"] as const,
};

export type AdminPerson = Schema["PersonOut"];

/** What may be said of a person; what is left out stays. */
export interface PersonChange {
  first_name?: string;
  last_name?: string;
  email?: string;
  groups?: string[];
  is_active?: boolean;
}

export interface Invitation {
  username: string;
  first_name: string;
  last_name: string;
  email: string;
  groups: string[];
}

/** area null: everywhere. */
export interface LayerAction {
  layer: string;
  action: Action;
  area: string | null;
}

type Grant = Omit<LayerAction, "layer">;

/** All rights of a group on a layer, and those from which the wish for them started. */
export interface LayerGrants {
  layer: string;
  grants: Grant[];
  base: Grant[];
}

/** What a group's rights on a layer are by now, when somebody else changed them first. */
export function changedRightsOf(error: unknown): Omit<LayerGrants, "base"> | null {
  return isProblem(error, "rights_changed") ? (error.body.theirs as LayerGrants) : null;
}

export type AdminRole = With<Schema["RoleOut"], { grants: LayerAction[] }>;

export type AreaGeometry =
  | { type: "Polygon"; coordinates: number[][][] }
  | { type: "MultiPolygon"; coordinates: number[][][][] };
export type AreaKind = "county" | "service_area";

interface OutlineProperties {
  code: string;
  kind: AreaKind;
  name: string;
  name_zh: string;
}

export interface Outline {
  type: "Feature";
  geometry: AreaGeometry;
  properties: OutlineProperties;
}

export interface AdminArea extends Outline {
  properties: OutlineProperties & { grants: number; customers: number };
}

export interface AreaChange {
  kind: AreaKind;
  name: string;
  name_zh: string;
  geometry: AreaGeometry;
}

export interface SeenLayer {
  id: string;
  actions: Partial<Record<Action, "everywhere" | string[]>>;
  count: number;
}

export interface SeenAs {
  features: Outline[];
  person: AdminPerson;
  layers: SeenLayer[];
  customers: { total: number };
}

export type AdminSession = Schema["PersonsSession"];
export type AdminToken = Schema["OwnedToken"];
export type AdminSystem = Schema["SystemOut"];
export type HealthPart = keyof AdminSystem["health"];

export function usePeople(q: string) {
  return useQuery({
    queryKey: [...adminKeys.people, q],
    queryFn: ({ signal }) => http.get<AdminPerson[]>("/api/v1/admin/people", { signal, query: { q } }),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

export function useRoles() {
  return useQuery({
    queryKey: adminKeys.roles,
    queryFn: ({ signal }) => http.get<AdminRole[]>("/api/v1/admin/roles", { signal }),
    staleTime: 0,
  });
}

export function useAdminAreas() {
  return useQuery({
    queryKey: adminKeys.areas,
    queryFn: async ({ signal }) => {
      const found = await http.get<{ features: AdminArea[] }>("/api/v1/admin/areas", { signal });
      return found.features;
    },
  });
}

export function useSeenAs(user: number | null) {
  return useQuery({
    queryKey: [...adminKeys.seeAs, user],
    queryFn: ({ signal }) => http.get<SeenAs>("/api/v1/admin/see-as", { signal, query: { user } }),
    enabled: user !== null,
    staleTime: 0,
  });
}

/** user null: everybody's. */
export function useAdminSessions(user: number | null) {
  return useQuery({
    queryKey: [...adminKeys.sessions, user],
    queryFn: ({ signal }) => http.get<AdminSession[]>("/api/v1/admin/sessions", { signal, query: { user } }),
    staleTime: 0,
  });
}

export function useAdminTokens() {
  return useQuery({
    queryKey: adminKeys.tokens,
    queryFn: ({ signal }) => http.get<AdminToken[]>("/api/v1/admin/tokens", { signal }),
    staleTime: 0,
  });
}

const SYSTEM_EVERY_MS = 10_000;

/** Read again every 10 s while the page is in sight. */
export function useSystem() {
  return useQuery({
    queryKey: adminKeys.system,
    queryFn: ({ signal }) => http.get<AdminSystem>("/api/v1/admin/system", { signal }),
    refetchInterval: SYSTEM_EVERY_MS,
    refetchOnWindowFocus: true,
    staleTime: 0,
  });
}

/** Rights hang together: who is in what, what it may do, who sees what. All that is shown is read again before it is done. */
async function read<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } finally {
    await queryClient.invalidateQueries({ queryKey: adminKeys.all });
  }
}

const person = (id: number) => `/api/v1/admin/people/${id}`;

export const administration = {
  invite: (invitation: Invitation) => read(http.post<AdminPerson>("/api/v1/admin/people", invitation)),
  changePerson: (id: number, change: PersonChange) => read(http.patch<AdminPerson>(person(id), change)),
  inviteAgain: (id: number) => read(http.post<void>(`${person(id)}/invitation`)),
  removeSecondFactor: (id: number) => read(http.delete<void>(`${person(id)}/second-factor`)),
  unlock: (id: number) => read(http.post<void>(`${person(id)}/unlock`)),
  setGrants: (group: string, wanted: LayerGrants) =>
    read(http.put<unknown>("/api/v1/admin/grants", { group, ...wanted })),
  saveArea: (code: string, area: AreaChange) =>
    read(http.put<unknown>(`/api/v1/admin/areas/${encodeURIComponent(code)}`, area)),
  deleteArea: (code: string) => read(http.delete<void>(`/api/v1/admin/areas/${encodeURIComponent(code)}`)),
  endSession: (id: string) => read(http.delete<void>(`/api/v1/admin/sessions/${id}`)),
  revokeToken: (id: number) => read(http.delete<void>(`/api/v1/admin/tokens/${id}`)),
  retryJob: (id: string) => read(http.post<void>(`/api/v1/admin/jobs/${encodeURIComponent(id)}/retry`)),
};
