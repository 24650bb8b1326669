import { describe, expect, it } from "vitest";
import type { CustomerCard, Edit } from "@/api/types";
import { formerValues } from "./former";

const card = {
  id: 7,
  name: "Museum",
  enterprise: { id: 1, name: "State" },
  grade: "first",
  classes: ["large", "key100"],
  status: "normal",
  address: "New street 2",
  contract_kva: 800,
  running_kva: null,
  contacts: [],
  deleted_at: null,
} as unknown as CustomerCard;

function edit(changes: Edit["changes"], more: Partial<Edit> = {}): Edit {
  return { kind: "edit", actor: "pekka", changes, ...more } as Edit;
}

describe("taking back an edit", () => {
  it("writes the former values, decimals as numbers", () => {
    const changes = [
      { field: "address", from: "Old street 1", to: "New street 2" },
      { field: "contract_kva", from: "1250.000000", to: "800" },
      { field: "classes", from: [], to: ["key100", "large"] },
      { field: "enterprise", from: "City", to: "State" },
      { field: "running_kva", from: "10", to: null },
    ];

    expect(formerValues(edit(changes), card)).toEqual({
      address: "Old street 1",
      contract_kva: 1250,
      classes: [],
      enterprise: "City",
      running_kva: 10,
    });
  });

  it("is not offered where a field was changed again, for contacts, for what the system did, for a deleted customer", () => {
    const address = [{ field: "address", from: "Old street 1", to: "New street 2" }];
    const contacts = [{ field: "contacts", from: [], to: [] }];

    expect(formerValues(edit([...address, { field: "grade", from: "none", to: "second" }]), card)).toBeNull();
    expect(formerValues(edit([...address, ...contacts]), card)).toBeNull();
    expect(formerValues(edit(address, { actor: "" }), card)).toBeNull();
    expect(formerValues(edit(address), { ...card, deleted_at: "2026-03-02T08:00:00Z" })).toBeNull();
  });
});
