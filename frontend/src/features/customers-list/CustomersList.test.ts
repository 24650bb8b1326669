import { describe, expect, it } from "vitest";
import { PAGE_ROWS, pagesOf } from "@/api/customer-pages";
import { boxQuery } from "@/lib/box-query";

describe("in view only", () => {
  it("asks for the box of the view", () => {
    expect(boxQuery([24.9, 60.1, 25, 60.2])).toEqual({ bbox: "24.90000,60.10000,25.00000,60.20000" });
  });

  it("keeps the box on the earth", () => {
    expect(boxQuery([-190, -89, 10, 89])).toEqual({ bbox: "-180.00000,-85.00000,10.00000,85.00000" });
  });

  it("is everything with a location when the view holds the world or crosses the antimeridian", () => {
    expect(boxQuery([-200, -80, 200, 80])).toEqual({ located: true });
    expect(boxQuery([179, 50, -179, 52])).toEqual({ located: true });
  });
});

it("only the pages under the rows on the screen are asked for", () => {
  expect(pagesOf(0, 20)).toEqual([0]);
  expect(pagesOf(PAGE_ROWS - 5, PAGE_ROWS + 5)).toEqual([0, 1]);
  expect(pagesOf(499_990, 499_999)).toEqual([4_999]);
});
