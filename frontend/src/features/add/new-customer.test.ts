import { describe, expect, it } from "vitest";
import { bodyOf, type CustomerForm, EMPTY_FORM, errorsOf, formErrorsOf, isTouched, shownAt } from "./new-customer";

const place = { lon: 24.9316, lat: 60.1751, datum: "WGS84" as const, source: "map_click" as const };
const museum: CustomerForm = { ...EMPTY_FORM, name: " Kansallismuseo ", account_no: "0012345678", place };

describe("the form of a new customer", () => {
  it("asks for what the server needs, and for a place unless there is none", () => {
    expect(errorsOf(EMPTY_FORM)).toEqual({ name: "required", account_no: "required", place: "placeMissing" });
    expect(errorsOf({ ...museum, way: "none", place: null })).toEqual({});
  });

  it("finds what the server would refuse", () => {
    const wrong = {
      ...museum,
      account_no: "12 34",
      contract_kva: "much",
      contact_phone: "call me",
      contact_name: "Mikko",
    };

    expect(errorsOf(wrong)).toEqual({
      account_no: "accountNoWrong",
      contract_kva: "kvaWrong",
      contact_phone: "phoneWrong",
    });
  });

  it("sends the place with its datum, source and accuracy", () => {
    expect(bodyOf({ ...museum, accuracy: "2,5", contract_kva: "1 250" }, "desk")).toMatchObject({
      name: "Kansallismuseo",
      ...place,
      accuracy_m: 2.5,
      contract_kva: 1250,
      device: "desk",
    });
  });

  it("without a location no place is sent, even when one was chosen before", () => {
    const body = bodyOf({ ...museum, way: "none" }, "");

    expect(body).not.toHaveProperty("lon");
    expect(shownAt({ ...museum, way: "none" })).toBeNull();
  });

  it("a contact is the duty contact", () => {
    const body = bodyOf({ ...museum, contact_name: "Mikko", contact_phone: "+358 9 4050" }, "");

    expect(body.contacts).toEqual([{ name: "Mikko", phone: "+358 9 4050", role: "duty", is_duty: true }]);
  });

  it("puts the server's errors at their fields", () => {
    expect(formErrorsOf({ lon: ["Too far."], "contacts.0.phone": ["No."], name: ["Long."] })).toEqual({
      place: "Too far.",
      contact_phone: "No.",
      name: "Long.",
    });
  });

  it("choosing a way alone is nothing to keep", () => {
    expect(isTouched({ ...EMPTY_FORM, way: "none" })).toBe(false);
    expect(isTouched(museum)).toBe(true);
  });
});
