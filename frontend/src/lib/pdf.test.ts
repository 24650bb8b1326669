import { describe, expect, it } from "vitest";
import { writePdf } from "./pdf";

const corner = { lon: 24.9, lat: 60.1 };

async function written(words: readonly string[]): Promise<string> {
  const blob = writePdf({
    width_mm: 297,
    height_mm: 210,
    jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
    jpeg_px: [1, 1],
    words: words.map((text) => ({ text, x: 10, y: 20, size: 4, width: 30 })),
    map: { rect: { x: 8, y: 20, width: 200, height: 150 }, corners: [corner, corner, corner, corner] },
    title: "国家博物馆 (1)",
    author: "Pekka",
    language: "en",
    at: new Date("2026-11-24T15:45:00.123Z"),
  });
  return new TextDecoder("latin1").decode(await blob.arrayBuffer());
}

describe("a PDF", () => {
  it("tells where each of its objects begins", async () => {
    const text = await written(["Legend"]);
    const rows = [...text.matchAll(/^(\d{10}) 00000 n $/gm)].map(([, start]) => Number(start));

    expect(rows.length).toBeGreaterThan(7);
    for (const [index, start] of rows.entries())
      expect(text.slice(start).startsWith(`${index + 1} 0 obj\n`)).toBe(true);
    expect(text.slice(Number(/startxref\n(\d+)/.exec(text)?.[1])).startsWith("xref\n")).toBe(true);
  });

  it("is as large as its paper and is not to be shrunk by the printer", async () => {
    const text = await written([]);

    expect(text).toContain("/MediaBox [0 0 841.89 595.276]");
    expect(text).toContain("/PrintScaling /None");
    expect(text).toContain("/CreationDate (D:20261124154500Z)");
  });

  it("takes another font when a page has more characters than one can hold", async () => {
    const many = Array.from({ length: 300 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");
    const text = await written([many, "𠮷"]);

    expect(text).toContain("/F1 ");
    expect(text).toContain("<D842DFB7>");
  });
});
