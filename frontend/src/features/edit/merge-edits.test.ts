import { describe, expect, it } from "vitest";
import { changedFields, type LedgerForm, mergeEdits, patchOf } from "./merge-edits";

const before: LedgerForm = {
  name: "Kansallismuseo",
  name_en: "National Museum",
  name_zh: "",
  enterprise: "Museovirasto",
  grade: "first",
  classes: ["large", "top100"],
  status: "normal",
  address: "Mannerheimintie 34",
  contract_kva: "1250",
  running_kva: "",
  voltage: "10 kV",
  contacts: [
    { name: "Mikko", phone: "+358 9 4050 9552", role: "duty", is_duty: true },
    { name: "Aino", phone: "0401", role: "", is_duty: false },
  ],
};

describe("what is sent", () => {
  it("only what differs, whatever the order of the classes, numbers as numbers", () => {
    const values: LedgerForm = { ...before, classes: ["top100", "large"], contract_kva: "1 600,5", running_kva: "" };

    expect(changedFields(before, values)).toEqual(["contract_kva"]);
    expect(patchOf(before, values)).toEqual({ contract_kva: 1600.5 });
  });

  it("contacts as a whole list, when anything of one of them differs", () => {
    const [mikko, aino] = before.contacts;
    if (!mikko || !aino) throw new Error("two contacts");
    expect(changedFields(before, { ...before, contacts: [aino, mikko] })).toEqual([]);

    const contacts = [mikko, { ...aino, phone: " 0402 " }];

    expect(patchOf(before, { ...before, contacts })).toEqual({ contacts: [mikko, { ...aino, phone: "0402" }] });
    expect(patchOf(before, { ...before, contacts: [] })).toEqual({ contacts: [] });
  });

  it("an emptied number is not said, not zero", () => {
    expect(patchOf(before, { ...before, contract_kva: "" })).toEqual({ contract_kva: null });
  });
});

describe("two people edited the same customer", () => {
  it("different fields stay from both", () => {
    const { merged, conflicts, theirsOnly } = mergeEdits(
      before,
      { ...before, address: "Museokatu 1" },
      { ...before, grade: "special" },
    );

    expect(merged).toEqual({ ...before, address: "Museokatu 1", grade: "special" });
    expect(conflicts).toEqual([]);
    expect(theirsOnly).toEqual(["grade"]);
  });

  it("the same field must be chosen; mine is proposed", () => {
    const { merged, conflicts } = mergeEdits(
      before,
      { ...before, address: "Museokatu 1" },
      { ...before, address: "Museokatu 2" },
    );

    expect(conflicts).toEqual(["address"]);
    expect(merged.address).toBe("Museokatu 1");
  });

  it("the same change by both is no conflict", () => {
    const changed = { ...before, status: "closed" as const };

    expect(mergeEdits(before, changed, changed)).toMatchObject({ conflicts: [], theirsOnly: [] });
  });
});
