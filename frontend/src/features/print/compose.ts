/** Compose a sheet around its map: title, legend, scale, north, facts, attribution. */
import { barLabel, barOf, PX_MM, type Rect, type SheetLayout } from "@/lib/sheet";
import type { LegendGroup, LegendRow } from "./legend";
import { INK, Pen } from "./pen";

export interface SheetContent {
  layout: SheetLayout;
  dpi: number;
  map: HTMLCanvasElement;
  title: string;
  utility: string;
  legend: readonly LegendGroup[];
  legendTitle: string;
  signs: (sign: string) => string;
  /** What the sheet is narrowed to, in words. */
  filter: { title: string; lines: readonly string[] } | null;
  facts: readonly (readonly [label: string, value: string])[];
  scale: number;
  scaleText: string;
  /** Where and how far the scale holds, when it does not hold everywhere. */
  scaleNote: string;
  rotation: number;
  north: string;
  attribution: string;
  foot: string;
  /** Positions of the upper left and the lower right corner; none when they are not wanted. */
  corners: readonly [string, string] | null;
}

/** Between legend and facts. */
const GAP = 3;

export function composeSheet(content: SheetContent): { canvas: HTMLCanvasElement; pen: Pen } {
  const { layout, dpi } = content;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round((layout.width / 25.4) * dpi);
  canvas.height = Math.round((layout.height / 25.4) * dpi);
  const pen = new Pen(canvas, dpi);
  pen.rect(0, 0, layout.width, layout.height, { fill: INK.paper });
  drawTitle(pen, content);
  drawMapFrame(pen, content);
  const { legend, facts } = placed(pen, content);
  drawLegend(pen, content, legend);
  drawFacts(pen, content, facts);
  drawFoot(pen, content);
  return { canvas, pen };
}

/** Beside the map the facts take what they need, from below, and the legend has the rest. */
function placed(pen: Pen, content: SheetContent): { legend: Rect; facts: Rect } {
  const { legend, facts } = content.layout;
  if (legend.x !== facts.x) return { legend, facts };
  const height = drawFacts(pen, content, facts, { draw: false }) - facts.y;
  const y = facts.y + facts.height - height;
  return { legend: { ...legend, height: y - GAP - legend.y }, facts: { ...facts, y, height } };
}

function drawTitle(pen: Pen, { layout: { title, width }, ...content }: SheetContent): void {
  const utility = { size: 3.2, colour: INK.quiet, align: "right", weight: 550 } as const;
  const free = title.width - pen.widthOf(content.utility, utility) - 8;
  let size = width > 300 ? 7.4 : 6.4;
  while (size > 3.6 && pen.widthOf(content.title, { size, weight: 680 }) > free) size -= 0.2;
  const baseline = title.y + 7.6;
  pen.text(content.title, title.x, baseline, { size, weight: 680, colour: INK.strong });
  pen.text(content.utility, title.x + title.width, baseline, utility);
}

function drawMapFrame(pen: Pen, { layout: { map }, map: picture, corners }: SheetContent): void {
  pen.picture(picture, map.x, map.y, map.width, map.height);
  pen.rect(map.x, map.y, map.width, map.height, { stroke: INK.strong, width: 0.35 });
  if (!corners) return;
  const type = { size: 2.5, weight: 560, colour: INK.strong, halo: true };
  pen.text(corners[0], map.x + 1.5, map.y + 3.6, type);
  pen.text(corners[1], map.x + map.width - 1.5, map.y + map.height - 1.6, { ...type, align: "right" });
}

interface Block {
  height: number;
  /** A heading does not stand alone at a column's end. */
  keep: boolean;
  draw: (x: number, y: number) => void;
}

/** Rows flow through columns; where there are too many, all become smaller. */
function drawLegend(pen: Pen, content: SheetContent, box: Rect): void {
  for (let shrink = 1; shrink > 0.55; shrink -= 0.05) {
    const columns = Math.max(1, Math.floor(box.width / (46 * shrink)));
    const gap = columns > 1 ? 4 : 0;
    const width = (box.width - gap * (columns - 1)) / columns;
    const blocks = legendBlocks(pen, content, width, shrink);
    if (!flow(blocks, box, columns, width + gap, shrink <= 0.6)) continue;
    return;
  }
}

function flow(
  blocks: readonly Block[],
  box: { x: number; y: number; height: number },
  columns: number,
  step: number,
  anyhow: boolean,
): boolean {
  const placed: [Block, number, number][] = [];
  let [column, y] = [0, 0];
  for (const [index, block] of blocks.entries()) {
    const needed = block.height + (block.keep ? (blocks[index + 1]?.height ?? 0) : 0);
    if (y + needed > box.height) {
      column += 1;
      y = 0;
      if (column >= columns) {
        if (!anyhow) return false;
        break;
      }
    }
    placed.push([block, box.x + column * step, box.y + y]);
    y += block.height;
  }
  for (const [block, x, top] of placed) block.draw(x, top);
  return true;
}

function legendBlocks(pen: Pen, content: SheetContent, width: number, shrink: number): Block[] {
  const blocks: Block[] = [];
  const heading = (text: string, size: number, colour: string, weight: number, before: number, after: number) => {
    const type = { size: size * shrink, weight, colour };
    const lines = pen.paragraph(text, 0, 0, width, type, { draw: false });
    blocks.push({
      height: lines + (before + after) * shrink,
      keep: true,
      draw: (x, y) => void pen.paragraph(text, x, y + before * shrink, width, type),
    });
  };
  if (content.filter) {
    heading(content.filter.title, 3.3, INK.strong, 660, 0, 0.6);
    for (const line of content.filter.lines) {
      const type = { size: 2.9 * shrink };
      const height = pen.paragraph(line, 0, 0, width, type, { draw: false });
      blocks.push({ height, keep: false, draw: (x, y) => void pen.paragraph(line, x, y, width, type) });
    }
    blocks.push({ height: 3 * shrink, keep: false, draw: () => undefined });
  }
  if (content.legend.length) heading(content.legendTitle, 3.3, INK.strong, 660, 0, 0.4);
  for (const { title, parts } of content.legend) {
    heading(title, 3, INK.strong, 600, 0.8, 0.2);
    for (const { sign, rows } of parts) {
      if (sign) heading(content.signs(sign), 2.5, INK.quiet, 550, 0.5, 0.2);
      const across = sign === "feeder" ? Math.max(1, Math.floor(width / (19 * shrink))) : 1;
      for (let first = 0; first < rows.length; first += across) {
        blocks.push(rowBlock(pen, rows.slice(first, first + across), width / across, shrink));
      }
    }
  }
  return blocks;
}

function rowBlock(pen: Pen, rows: readonly LegendRow[], width: number, shrink: number): Block {
  const type = { size: 2.9 * shrink };
  const room = 8 * shrink;
  const least = 5 * shrink;
  const height = Math.max(
    least,
    ...rows.map(({ label }) => pen.paragraph(label, 0, 0, width - room - 1, type, { draw: false }) + 0.6),
  );
  return {
    height,
    keep: false,
    draw: (x, y) => {
      for (const [index, { sample, label }] of rows.entries()) {
        const left = x + index * width;
        const [middle_x, middle_y] = [left + room / 2 - 0.5, y + least / 2];
        if ("canvas" in sample) {
          const size = sample.size * PX_MM * shrink;
          pen.picture(sample.canvas, middle_x - size / 2, middle_y - size / 2, size, size);
        } else {
          const half = (room - 2) / 2;
          const dash = sample.dash.map((px) => px * PX_MM * 0.6);
          pen.line([middle_x - half, middle_y], [middle_x + half, middle_y], {
            colour: sample.colour,
            width: 0.6,
            dash,
          });
        }
        pen.paragraph(label, left + room, middle_y - type.size * 0.64, width - room - 1, type);
      }
    },
  };
}

const ARROW = {
  left: [
    [0, -6],
    [-3, 5],
    [0, 3],
  ],
  right: [
    [0, -6],
    [3, 5],
    [0, 3],
  ],
} as const;

/** North, scale and facts from this upper edge down; returns the lower edge. Without `draw` only measured. */
function drawFacts(pen: Pen, content: SheetContent, box: Rect, { draw = true } = {}): number {
  if (draw) drawNorthAndScale(pen, content, box);
  const small = { size: 2.3, colour: INK.quiet };
  let y = box.y + 20.5;
  if (content.scaleNote) y = pen.paragraph(content.scaleNote, box.x, y, box.width, small, { draw }) + 0.8;
  for (const [label, value] of content.facts) {
    if (draw) pen.text(label, box.x, y + 2.3, { ...small, weight: 550 });
    y = pen.paragraph(value, box.x, y + 3, box.width, { size: 2.7 }, { draw, most: 3 }) + 0.9;
  }
  return y;
}

function drawNorthAndScale(pen: Pen, content: SheetContent, box: Rect): void {
  pen.line([box.x, box.y], [box.x + box.width, box.y]);
  const arrow = [box.x + 6.5, box.y + 11.5] as const;
  pen.shape(arrow, content.rotation, ARROW.left, INK.strong);
  pen.shape(arrow, content.rotation, ARROW.right, INK.paper);
  const [sin, cos] = [Math.sin(content.rotation), Math.cos(content.rotation)];
  const type = { size: 3, weight: 680, colour: INK.strong, align: "center" } as const;
  pen.text(content.north, arrow[0] + 8 * sin, arrow[1] - 8 * cos + 1.1, type);

  const left = box.x + 15;
  pen.text(content.scaleText, left, box.y + 7.5, { size: 4.6, weight: 660, colour: INK.strong });
  drawBar(pen, content.scale, left, box.y + 13.5, box.x + box.width - left - 4);
}

function drawBar(pen: Pen, scale: number, x: number, y: number, most_mm: number): void {
  const bar = barOf(scale, most_mm);
  const part = bar.length_mm / bar.parts;
  const height = 1.3;
  for (let index = 0; index < bar.parts; index++) {
    const fill = index % 2 ? INK.paper : INK.strong;
    pen.rect(x + index * part, y, part, height, { fill, stroke: INK.strong, width: 0.2 });
  }
  const type = { size: 2.4, colour: INK.text, align: "center" } as const;
  pen.text("0", x, y + height + 3, type);
  pen.text(barLabel(bar.length_m), x + bar.length_mm, y + height + 3, type);
}

function drawFoot(pen: Pen, { layout: { foot }, attribution, foot: text }: SheetContent): void {
  const type = { size: 2.3, colour: INK.quiet };
  const width = pen.widthOf(text, type);
  pen.paragraph(attribution, foot.x, foot.y + 1, foot.width - width - 4, type, { most: 1 });
  pen.text(text, foot.x + foot.width, foot.y + 1 + type.size, { ...type, align: "right" });
}
