import { expect, it } from "vitest";
import { tileOver } from "./preview";

it("chooses the tile that is about as large as the extent, and around its middle", () => {
  expect(tileOver([24.9352, 60.1642, 24.9534, 60.1791], 19)).toEqual({ z: 14, x: 9327, y: 4742 });
  expect(tileOver([-180, -90, 180, 90], 5)).toEqual({ z: 0, x: 0, y: 0 });
  expect(tileOver([24.94, 60.17, 24.94001, 60.17001], 16).z).toBe(16);
});
