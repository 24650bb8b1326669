/**
 * A PDF of one page: a picture, and its words lying over it unseen, so that they are found and copied.
 *
 * The words are set in a font of empty glyphs that knows only which character each code stands for: what is seen is the
 * picture, in the fonts of the device, and no font of Chinese (8 MB) has to be embedded. Source: ISO 32000-1:2008,
 * 9.6.5 (Type 3 fonts), 9.10.3 (ToUnicode), 12.9 (viewports) and the geospatial measure of ISO 32000-2, 12.10.
 */

import type { LonLat } from "./coordinates";
import type { Rect } from "./sheet";

/** A line of text as it stands in the picture; millimetres from the upper left corner. */
export interface Words {
  text: string;
  x: number;
  /** Of the baseline. */
  y: number;
  size: number;
  width: number;
}

export interface PdfPage {
  width_mm: number;
  height_mm: number;
  jpeg: Uint8Array;
  jpeg_px: readonly [number, number];
  words: readonly Words[];
  /** Where on the page the map is, and its corners from the upper left clockwise: readers then tell positions on it. */
  map: { rect: Rect; corners: readonly LonLat[] };
  title: string;
  author: string;
  /** BCP 47. */
  language: string;
  at: Date;
}

const PT = 72 / 25.4;
/** Codes of a font: 0 is left out, some readers end a text there. */
const CODES = 255;

export function writePdf(page: PdfPage): Blob {
  const file = new PdfFile();
  const pages = file.reserve();
  const [width, height] = [page.width_mm * PT, page.height_mm * PT];
  const fonts = new EmptyFonts();
  const text = page.words.map((words) => fonts.show(words, page.height_mm)).join("\n");
  const picture = file.add(
    `<< /Type /XObject /Subtype /Image /Width ${page.jpeg_px[0]} /Height ${page.jpeg_px[1]} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`,
    page.jpeg,
  );
  const content = file.add("<<", ascii(`q ${number(width)} 0 0 ${number(height)} 0 0 cm /Map Do Q\n${text}\n`));
  const leaf = file.add(
    `<< /Type /Page /Parent ${pages} 0 R /MediaBox [0 0 ${number(width)} ${number(height)}] /Contents ${content} 0 R ` +
      `/Resources << /XObject << /Map ${picture} 0 R >> /Font << ${fonts.addTo(file)} >> >> /VP [${viewport(page)}] >>`,
  );
  file.fill(pages, `<< /Type /Pages /Kids [${leaf} 0 R] /Count 1 >>`);
  // A reader that shrinks the page to its margins would break the scale.
  const root = file.add(
    `<< /Type /Catalog /Pages ${pages} 0 R /Lang (${page.language}) /ViewerPreferences << /PrintScaling /None /DisplayDocTitle true >> >>`,
  );
  const info = file.add(
    `<< /Title ${utf16(page.title)} /Author ${utf16(page.author)} /Creator (GridAtlas) /CreationDate (${pdfDate(page.at)}) >>`,
  );
  return file.end(root, info);
}

/** Objects one after the other, and at the end the table that says where each begins. */
class PdfFile {
  private readonly parts: Uint8Array<ArrayBuffer>[] = [ascii("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n")];
  private readonly starts: number[] = [];
  private length = this.parts[0]?.length ?? 0;

  /** A number for an object that others name before it is written. */
  reserve(): number {
    return this.starts.push(0);
  }

  /** With a stream, `dictionary` is left open: its length is written here. */
  add(dictionary: string, stream?: Uint8Array): number {
    const id = this.reserve();
    this.fill(id, dictionary, stream);
    return id;
  }

  fill(id: number, dictionary: string, stream?: Uint8Array): void {
    this.starts[id - 1] = this.length;
    this.write(ascii(`${id} 0 obj\n${dictionary}`));
    if (stream) {
      this.write(ascii(` /Length ${stream.length} >>\nstream\n`));
      this.write(stream);
      this.write(ascii("\nendstream"));
    }
    this.write(ascii("\nendobj\n"));
  }

  end(root: number, info: number): Blob {
    const count = this.starts.length + 1;
    const rows = this.starts.map((start) => `${String(start).padStart(10, "0")} 00000 n \n`).join("");
    const at = this.length;
    this.write(
      ascii(
        `xref\n0 ${count}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${count} /Root ${root} 0 R /Info ${info} 0 R >>\nstartxref\n${at}\n%%EOF\n`,
      ),
    );
    return new Blob(this.parts, { type: "application/pdf" });
  }

  private write(bytes: Uint8Array): void {
    this.parts.push(bytes as Uint8Array<ArrayBuffer>);
    this.length += bytes.length;
  }
}

/** As many fonts of 255 codes as the page has different characters. */
class EmptyFonts {
  private readonly codes = new Map<string, number>();

  /** The operators that set these words over their picture. */
  show({ text, x, y, size, width }: Words, height_mm: number): string {
    const signs = [...text];
    if (!signs.length) return "";
    // Every glyph is as wide as the font is high: stretched so that the line ends where it ends in the picture.
    const stretch = (width / (signs.length * size)) * 100;
    const runs: string[] = [];
    let font = -1;
    for (const sign of signs) {
      const code = this.codeOf(sign);
      const of = Math.floor(code / CODES);
      if (of !== font) {
        if (font >= 0) runs.push("> Tj");
        runs.push(`/F${of} ${number(size * PT)} Tf <`);
        font = of;
      }
      runs.push(hex((code % CODES) + 1, 2));
    }
    return `BT 3 Tr ${number(stretch)} Tz ${number(x * PT)} ${number((height_mm - y) * PT)} Td ${runs.join("")}> Tj ET`;
  }

  /** Write the fonts; returns their names for the page's resources. */
  addTo(file: PdfFile): string {
    const signs = [...this.codes.keys()];
    const nothing = file.add("<<", ascii("1000 0 d0"));
    const names: string[] = [];
    for (let first = 0; first < signs.length; first += CODES) {
      const own = signs.slice(first, first + CODES);
      const unicode = file.add("<<", ascii(toUnicode(own)));
      const widths = own.map(() => "1000").join(" ");
      const font = file.add(
        `<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /e ${nothing} 0 R >> ` +
          `/Encoding << /Type /Encoding /Differences [1 ${own.map(() => "/e").join(" ")}] >> ` +
          `/FirstChar 1 /LastChar ${own.length} /Widths [${widths}] /Resources << >> /ToUnicode ${unicode} 0 R >>`,
      );
      names.push(`/F${first / CODES} ${font} 0 R`);
    }
    return names.join(" ");
  }

  private codeOf(sign: string): number {
    const known = this.codes.get(sign);
    if (known !== undefined) return known;
    this.codes.set(sign, this.codes.size);
    return this.codes.size - 1;
  }
}

function toUnicode(signs: readonly string[]): string {
  const blocks: string[] = [];
  for (let first = 0; first < signs.length; first += 100) {
    const rows = signs
      .slice(first, first + 100)
      .map((sign, index) => `<${hex(first + index + 1, 2)}> <${utf16be(sign)}>`);
    blocks.push(`${rows.length} beginbfchar\n${rows.join("\n")}\nendbfchar`);
  }
  return [
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
    "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
    "1 begincodespacerange\n<00> <FF>\nendcodespacerange",
    ...blocks,
    "endcmap CMapName currentdict /CMap defineresource pop end end",
  ].join("\n");
}

/** Where the map is and what it shows: a phone that reads maps shows its own position on it. */
function viewport({ map: { rect, corners }, height_mm }: PdfPage): string {
  const [x, y, right, top] = [rect.x, height_mm - rect.y - rect.height, rect.x + rect.width, height_mm - rect.y];
  const [upperLeft, upperRight, lowerRight, lowerLeft] = corners;
  // In the order of LPTS, latitude first: that is the format's own order.
  const positions = [lowerLeft, upperLeft, upperRight, lowerRight].flatMap((at) =>
    at ? [at.lat.toFixed(9), at.lon.toFixed(9)] : [],
  );
  return (
    `<< /Type /Viewport /Name (Map) /BBox [${[x, y, right, top].map((mm) => number(mm * PT)).join(" ")}] ` +
    `/Measure << /Type /Measure /Subtype /GEO /Bounds [0 0 0 1 1 1 1 0] /LPTS [0 0 0 1 1 1 1 0] /GPTS [${positions.join(" ")}] ` +
    "/GCS << /Type /PROJCS /EPSG 3857 >> >> >>"
  );
}

function ascii(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0));
}

function number(value: number): string {
  return String(Number(value.toFixed(3)));
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}

function utf16be(text: string): string {
  return Array.from({ length: text.length }, (_, index) => hex(text.charCodeAt(index), 4)).join("");
}

function utf16(text: string): string {
  return `<FEFF${utf16be(text)}>`;
}

/** "D:20261124154500Z" */
function pdfDate(at: Date): string {
  return `D:${at.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "")}`;
}
