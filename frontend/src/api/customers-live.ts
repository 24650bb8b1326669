/** Live events onto the cached card and lists, so that panels say what the map shows. */
import type { InfiniteData } from "@tanstack/react-query";
import { noteChange } from "@/lib/changes";
import type { LiveEvent } from "./apply-events";
import { customerKeys } from "./customers";
import { queryClient } from "./query-client";
import type { CustomerCard, CustomerClass, CustomerRow, Page } from "./types";

/** What an event says of a row; everything else of the row stays. */
export function patchRow<Row extends CustomerRow>(row: Row, event: LiveEvent): Row {
  const { b: body } = event;
  if (!body) return row;
  const { name, name_en, grade, classes, status, v } = body.properties as Partial<Record<string, unknown>>;
  const [lon, lat] = body.geometry?.coordinates ?? [null, null];
  return {
    ...row,
    lon,
    lat,
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof name_en === "string" ? { name_en } : {}),
    ...(typeof grade === "string" ? { grade } : {}),
    ...(typeof status === "string" ? { status } : {}),
    ...(classes !== undefined ? { classes: listOf(classes) } : {}),
    ...(typeof v === "number" ? { point_version: v } : {}),
  };
}

function listOf(classes: unknown): CustomerClass[] {
  if (Array.isArray(classes)) return classes as CustomerClass[];
  return String(classes ?? "")
    .split(",")
    .filter(Boolean) as CustomerClass[];
}

let timer: ReturnType<typeof setTimeout> | undefined;
const touched = new Set<number>();

export function patchCustomerCaches(events: readonly LiveEvent[]): void {
  noteChange("customers");
  const byId = new Map(events.map((event) => [event.id, event]));
  for (const [id, event] of byId) {
    queryClient.setQueryData<CustomerCard>(customerKeys.card(id), (card) => card && patchRow(card, event));
    touched.add(id);
  }
  queryClient.setQueriesData<InfiniteData<Page<CustomerRow>>>({ queryKey: customerKeys.lists }, (data) => {
    if (!data?.pages.some((page) => page.results.some((row) => byId.has(row.id)))) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      results: page.results.map((row) => {
        const event = byId.get(row.id);
        return event ? patchRow(row, event) : row;
      }),
    }));
    return { ...data, pages };
  });
  // What an event does not carry (who, why, which filter matches now) is asked for a moment later, also in a long burst.
  if (timer === undefined) timer = setTimeout(settle, 600);
}

function settle(): void {
  timer = undefined;
  for (const id of touched) {
    void queryClient.invalidateQueries({ queryKey: customerKeys.card(id) });
    void queryClient.invalidateQueries({ queryKey: customerKeys.history(id) });
  }
  touched.clear();
  void queryClient.invalidateQueries({ queryKey: customerKeys.lists });
  void queryClient.invalidateQueries({ queryKey: ["customers", "counts"] });
}

export function refetchCustomers(): void {
  noteChange("customers");
  void queryClient.invalidateQueries({ queryKey: customerKeys.all });
}
