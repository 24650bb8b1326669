/** Draw on a canvas in millimetres, and keep the words: they go into the file to be found. */
import type { Words } from "@/lib/pdf";

export interface Type {
  size: number;
  weight?: number;
  colour?: string;
  align?: "left" | "right" | "center";
  /** A light edge, for letters on the map. */
  halo?: boolean;
}

export const INK = { strong: "#14212b", text: "#26343f", quiet: "#566470", line: "#8d9aa4", paper: "#ffffff" } as const;
const FONT =
  '"Inter", system-ui, "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';
/** Half of a line is as high as its letters. */
const LEADING = 1.32;

export class Pen {
  readonly context: CanvasRenderingContext2D;
  readonly words: Words[] = [];
  /** Pixels of a millimetre. */
  private readonly k: number;

  constructor(canvas: HTMLCanvasElement, dpi: number) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser gives no canvas of that size.");
    this.context = context;
    this.k = dpi / 25.4;
  }

  widthOf(text: string, type: Type): number {
    this.setFont(type);
    return this.context.measureText(text).width / this.k;
  }

  /** `y` is the baseline. */
  text(text: string, x: number, y: number, type: Type): void {
    if (!text) return;
    const { context, k } = this;
    const width = this.widthOf(text, type);
    const left = type.align === "right" ? x - width : type.align === "center" ? x - width / 2 : x;
    if (type.halo) {
      context.strokeStyle = "rgba(255,255,255,.92)";
      context.lineWidth = 0.7 * k;
      context.lineJoin = "round";
      context.strokeText(text, left * k, y * k);
    }
    context.fillStyle = type.colour ?? INK.text;
    context.fillText(text, left * k, y * k);
    this.words.push({ text, x: left, y, size: type.size, width });
  }

  /** Text broken to the width, from this upper edge down; returns the lower edge. Without `draw` only measured. */
  paragraph(text: string, x: number, top: number, width: number, type: Type, { draw = true, most = 9 } = {}): number {
    let y = top;
    for (const line of this.lines(text, width, type).slice(0, most)) {
      if (draw) this.text(line, x, y + type.size, type);
      y += type.size * LEADING;
    }
    return y;
  }

  line(
    from: readonly [number, number],
    to: readonly [number, number],
    style: { colour?: string; width?: number; dash?: readonly number[] } = {},
  ): void {
    const { context, k } = this;
    context.beginPath();
    context.moveTo(from[0] * k, from[1] * k);
    context.lineTo(to[0] * k, to[1] * k);
    context.strokeStyle = style.colour ?? INK.line;
    context.lineWidth = (style.width ?? 0.2) * k;
    context.setLineDash((style.dash ?? []).map((mm) => mm * k));
    context.stroke();
    context.setLineDash([]);
  }

  rect(
    x: number,
    y: number,
    width: number,
    height: number,
    style: { fill?: string; stroke?: string; width?: number },
  ): void {
    const { context, k } = this;
    context.beginPath();
    context.rect(x * k, y * k, width * k, height * k);
    if (style.fill) {
      context.fillStyle = style.fill;
      context.fill();
    }
    if (style.stroke) {
      context.strokeStyle = style.stroke;
      context.lineWidth = (style.width ?? 0.2) * k;
      context.stroke();
    }
  }

  picture(source: CanvasImageSource, x: number, y: number, width: number, height: number): void {
    const { context, k } = this;
    context.imageSmoothingQuality = "high";
    context.drawImage(source, x * k, y * k, width * k, height * k);
  }

  /** Corners in millimetres around a middle, turned clockwise. */
  shape(
    middle: readonly [number, number],
    turned: number,
    corners: readonly (readonly [number, number])[],
    fill: string,
  ): void {
    const { context, k } = this;
    context.save();
    context.translate(middle[0] * k, middle[1] * k);
    context.rotate(turned);
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x * k, y * k);
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    context.lineWidth = 0.25 * k;
    context.strokeStyle = INK.strong;
    context.stroke();
    context.restore();
  }

  private setFont({ size, weight = 450 }: Type): void {
    this.context.font = `${weight} ${size * this.k}px ${FONT}`;
    this.context.textAlign = "left";
    this.context.textBaseline = "alphabetic";
  }

  /** Broken at spaces, between Chinese characters, and where a word alone is too long. */
  private lines(text: string, width: number, type: Type): string[] {
    const lines: string[] = [];
    let line = "";
    for (const piece of text.match(/[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+|\s+/g) ?? []) {
      if (this.widthOf(line + piece.trimEnd(), type) <= width) {
        line += piece;
        continue;
      }
      if (line.trim()) lines.push(line.trim());
      line = piece.trimStart();
      while (this.widthOf(line, type) > width && line.length > 1) {
        let fits = line.length - 1;
        while (fits > 1 && this.widthOf(line.slice(0, fits), type) > width) fits -= 1;
        lines.push(line.slice(0, fits));
        line = line.slice(fits);
      }
    }
    if (line.trim()) lines.push(line.trim());
    return lines;
  }
}
