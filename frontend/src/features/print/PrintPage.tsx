/** Beside the map: paper, scale, title; the preview; and the PDF, saved or shared. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { recordPrint } from "@/api/prints";
import { useMapLayers } from "@/layers/context";
import { formatBytes, formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { byFinger } from "@/lib/pointer";
import {
  ORIENTATIONS,
  type Orientation,
  PAPERS,
  type Paper,
  PX_MM,
  type Rect,
  resolutionOf,
  SCALES,
  type SheetLayout,
  scaleOf,
  sheetLayout,
  twoFigures,
} from "@/lib/sheet";
import { Button, Message, TextField } from "@/lib/ui";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { RadioChoice, SelectField } from "@/lib/ui/fields";
import { PageFrame } from "@/lib/ui/PageFrame";
import { parseSelection, urlState, useUrl } from "@/lib/url-state";
import { lookLikePaper } from "@/map/look";
import { useFreeView } from "@/map/print-map";
import { Frame } from "./Frame";
import css from "./print.module.css";
import { type SheetWish, useSheets } from "./use-sheet";

const DOTS = ["300", "150"] as const;
type Dots = (typeof DOTS)[number];
const PREVIEW_DPI = 60;
const PREVIEW_AFTER_MS = 500;
/** Around the frame, for the notices and the attribution of the screen. */
const AIR_PX = 34;

export default function PrintPage() {
  const { t } = useTranslation("print");
  const firstTitle = useFirstTitle();
  const [title, setTitle] = useState(firstTitle);
  const [paper, setPaper] = useState<Paper>("A4");
  const [orientation, setOrientation] = useState<Orientation>("landscape");
  const [wanted, setWanted] = useState("seen");
  const [dots, setDots] = useState<Dots>(byFinger() ? "150" : "300");
  const [withLegend, setWithLegend] = useState(true);
  const [withCorners, setWithCorners] = useState(true);
  const view = useFreeView();
  useEffect(lookLikePaper, []);

  const layout = sheetLayout(paper, orientation);
  const seen = scaleSeen(view, layout);
  const scale = wanted === "seen" ? seen : Number(wanted);
  const place = { ...view, resolution: resolutionOf(scale, view.lat) };
  const [width, height] = [layout.map.width, layout.map.height].map(
    (mm) => ((mm / PX_MM) * place.resolution) / view.resolution,
  ) as [number, number];
  const wish: SheetWish = { title: title.trim(), paper, orientation, layout, place, scale, withLegend, withCorners };

  return (
    <PageFrame title={t("title")} onClose={() => urlState.set({ print: null })}>
      <Frame box={view.box} width={width} height={height} />
      <div className={css.body}>
        <Preview wish={wish} />
        <Making wish={wish} dpi={Number(dots)}>
          <TextField
            label={t("sheetTitle")}
            value={title}
            maxLength={120}
            onChange={(event) => setTitle(event.target.value)}
          />
          <div className={css.fields}>
            <RadioChoice
              label={t("paper")}
              choices={PAPERS.map((value) => ({ value, label: value }))}
              value={paper}
              onChoose={setPaper}
            />
            <RadioChoice
              label={t("orientation")}
              choices={ORIENTATIONS.map((value) => ({ value, label: t(value) }))}
              value={orientation}
              onChoose={setOrientation}
            />
            <SelectField
              label={t("scale")}
              choices={[
                { value: "seen", label: t("asSeen", { scale: t("scaleOf", { scale: formatNumber(seen) }) }) },
                ...SCALES.map((value) => ({
                  value: String(value),
                  label: t("scaleOf", { scale: formatNumber(value) }),
                })),
              ]}
              value={wanted}
              onChoose={setWanted}
              help={width > view.box.width || height > view.box.height ? t("larger") : undefined}
            />
            <SelectField<Dots>
              label={t("dots")}
              choices={DOTS.map((value) => ({ value, label: t("dotsOf", { dpi: value }) }))}
              value={dots}
              onChoose={setDots}
              help={t(`dotsHelp.${dots}`)}
            />
          </div>
          <div className={css.checks}>
            <Check label={t("withLegend")} checked={withLegend} onCheck={setWithLegend} />
            <Check label={t("withCorners")} checked={withCorners} onCheck={setWithCorners} />
          </div>
        </Making>
      </div>
    </PageFrame>
  );
}

/** The scale at which the sheet holds what the screen shows. */
function scaleSeen(view: { box: Rect; resolution: number; lat: number }, { map }: SheetLayout): number {
  const [free_x, free_y] = [Math.max(80, view.box.width - 2 * AIR_PX), Math.max(80, view.box.height - 2 * AIR_PX)];
  const width_px = Math.min(free_x, (free_y * map.width) / map.height);
  return twoFigures(scaleOf((width_px * view.resolution) / (map.width / PX_MM), view.lat));
}

/** Who prints with a customer selected prints that customer's sheet. */
function useFirstTitle(): string {
  const { t } = useTranslation("print");
  const layers = useMapLayers();
  const { sel } = useUrl();
  const selection = parseSelection(sel);
  const found = selection ? layers.get(selection.layer)?.find(selection.id) : null;
  const { name, name_en, name_zh } = (found?.properties ?? {}) as Record<string, string | undefined>;
  return name ? nameOf({ name, name_en: name_en ?? null, name_zh: name_zh ?? null }) : t("defaultTitle");
}

function Check({ label, checked, onCheck }: { label: string; checked: boolean; onCheck: (checked: boolean) => void }) {
  return (
    <label className={css.check}>
      <input type="checkbox" checked={checked} onChange={(event) => onCheck(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** The sheet as it will be, drawn anew when the map has come to rest or something is chosen. */
function Preview({ wish }: { wish: SheetWish }) {
  const { t } = useTranslation("print");
  const sheets = useSheets();
  const holder = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ wish, sheets });
  latest.current = { wish, sheets };
  const { place, ...rest } = wish;
  const url = useUrl();
  const key = JSON.stringify([place.centre, place.resolution, place.rotation, rest, url]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all that the sheet is made of.
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const { wish, sheets } = latest.current;
      const drawn = await sheets.draw(wish, PREVIEW_DPI, abort.signal).catch(() => null);
      if (!drawn || abort.signal.aborted || !holder.current) return;
      const { canvas } = latest.current.sheets.compose(wish, PREVIEW_DPI * 2, drawn, null);
      holder.current.width = canvas.width;
      holder.current.height = canvas.height;
      holder.current.getContext("2d")?.drawImage(canvas, 0, 0);
      holder.current.dataset.drawn = "";
    }, PREVIEW_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);

  const { width, height } = wish.layout;
  return (
    <div className={css.preview}>
      <canvas
        ref={holder}
        role="img"
        aria-label={t("preview")}
        style={{ aspectRatio: `${width} / ${height}`, width: `min(100%, ${(200 * width) / height}px)` }}
      />
    </div>
  );
}

type Stage = "idle" | "drawing" | "writing";

function Making({ wish, dpi, children }: { wish: SheetWish; dpi: number; children: React.ReactNode }) {
  const { t } = useTranslation(["print", "common"]);
  const sheets = useSheets();
  const [stage, setStage] = useState<Stage>("idle");
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<{ file: File; url: string; whole: boolean } | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => () => URL.revokeObjectURL(made?.url ?? ""), [made]);

  const make = async (event: FormEvent) => {
    event.preventDefault();
    abort.current = new AbortController();
    const { signal } = abort.current;
    setError(null);
    setMade(null);
    setStage("drawing");
    try {
      const drawn = await sheets.draw(wish, dpi, signal);
      setStage("writing");
      // Only what will really be made is recorded, and nothing is made that is not.
      const record = await recordPrint(sheets.requestOf(wish, dpi));
      const file = await sheets.write(wish, sheets.compose(wish, dpi, drawn, record), record);
      if (signal.aborted) return;
      const url = URL.createObjectURL(file);
      save(url, file.name);
      setMade({ file, url, whole: drawn.whole });
    } catch (failure) {
      if (!signal.aborted) setError(failure);
    }
    setStage("idle");
  };

  return (
    <form className={css.form} onSubmit={(event) => void make(event)}>
      {children}
      {error !== null && (
        <Message tone="critical" requestId={errorRequestId(error)}>
          {error instanceof RangeError ? t("tooLarge") : errorText(error, t)}
        </Message>
      )}
      {made && (
        <Message tone={made.whole ? "neutral" : "warning"}>
          <p>{made.whole ? t("done") : t("partial")}</p>
          <p className={css.file}>
            {made.file.name} · {formatBytes(made.file.size)}
          </p>
          <div className={css.deeds}>
            {canShare(made.file) && (
              <Button icon="share" onClick={() => void navigator.share({ files: [made.file] }).catch(() => undefined)}>
                {t("share")}
              </Button>
            )}
            <Button icon="download" onClick={() => save(made.url, made.file.name)}>
              {t("again")}
            </Button>
          </div>
        </Message>
      )}
      <div className={css.deeds}>
        {stage !== "idle" && (
          <Button
            onClick={() => {
              abort.current?.abort();
              setStage("idle");
            }}
          >
            {t("common:cancel")}
          </Button>
        )}
        <Button kind="primary" icon="print" type="submit" disabled={stage !== "idle" || !wish.title}>
          {stage === "idle" ? t("make") : t(stage)}
        </Button>
      </div>
      <p className={css.note}>{t("recorded")}</p>
    </form>
  );
}

function canShare(file: File): boolean {
  return byFinger() && (navigator.canShare?.({ files: [file] }) ?? false);
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
