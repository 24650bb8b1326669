/** A new area, or one that is renamed or drawn anew. Its polygon is drawn on the map or typed corner by corner. */
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminArea, type AreaGeometry, type AreaKind, administration } from "@/api/administration";
import { isProblem } from "@/api/problem";
import { formatDecimal, type LonLat } from "@/lib/coordinates";
import { readLines } from "@/lib/corner-lines";
import { formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { Button, TextField } from "@/lib/ui";
import { RadioChoice, TextAreaField } from "@/lib/ui/fields";
import { Refusal } from "@/lib/ui/refusal";
import { useFocusOnWrong } from "@/lib/ui/use-wrong-field";
import { useMap } from "@/map/context";
import { type DraftProgress, type DrawingSession, startDrawing } from "@/map/draw";
import { addReach, cornersOf, type ReachOnMap } from "@/map/reach";
import { act } from "./act";
import css from "./administration.module.css";

const CODE = /^[A-Za-z0-9_-]+$/;
const KINDS: readonly AreaKind[] = ["service_area", "county"];

/** `onDone` gets the code of what was saved, null when nothing was. */
export function AreaForm({ area, onDone }: { area: AdminArea | null; onDone: (code: string | null) => void }) {
  const { t } = useTranslation(["administration", "common"]);
  const [typed, setTyped] = useState(
    area?.properties ?? { code: "", kind: "service_area" as AreaKind, name: "", name_zh: "" },
  );
  const [geometry, setGeometry] = useState<AreaGeometry | null>(area?.geometry ?? null);
  const [error, setError] = useState<unknown>(null);
  const [attempts, setAttempts] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  useFocusOnWrong(form, attempts, error);
  const [busy, setBusy] = useState(false);
  const fields = isProblem(error) ? error.fieldErrors : {};
  const redrawn = geometry !== (area?.geometry ?? null);
  useShown(geometry, typed.name);

  const [code, name, name_zh] = [typed.code.trim(), typed.name.trim(), typed.name_zh.trim()];
  const tried = attempts > 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAttempts(attempts + 1);
    if (!geometry || !name || !CODE.test(code)) return;
    const { kind } = typed;
    setBusy(true);
    const refused = await act(
      () => administration.saveArea(code, { kind, name, name_zh, geometry }),
      t("areas.saved", { name }),
      { quiet: true, undo: () => putBack(area, code) },
    );
    setBusy(false);
    setError(refused);
    if (!refused) onDone(code);
  };

  return (
    <form ref={form} className={`${css.aside} ${css.form}`} onSubmit={(event) => void submit(event)} noValidate>
      <h2>{area ? t("areas.editTitle", { name: nameOf(area.properties) }) : t("areas.new")}</h2>
      <DrawnOutline geometry={geometry} redrawn={redrawn} missing={tried && !geometry} onGeometry={setGeometry} />
      {redrawn && area && (
        <Button icon="undo" onClick={() => setGeometry(area.geometry)}>
          {t("areas.asBefore")}
        </Button>
      )}
      {fields.geometry && <p className={css.wrong}>{fields.geometry.join(" ")}</p>}
      {!area && (
        <TextField
          label={t("areas.code")}
          help={t("areas.codeHelp")}
          error={tried && !CODE.test(code) ? t(code ? "areas.codeWrong" : "required") : fields.code}
          value={typed.code}
          maxLength={40}
          autoComplete="off"
          onChange={(event) => setTyped({ ...typed, code: event.target.value })}
        />
      )}
      <TextField
        label={t("areas.name")}
        error={tried && !name ? t("required") : fields.name}
        value={typed.name}
        maxLength={120}
        autoComplete="off"
        onChange={(event) => setTyped({ ...typed, name: event.target.value })}
      />
      <TextField
        label={t("areas.nameZh")}
        error={fields.name_zh}
        value={typed.name_zh}
        maxLength={120}
        autoComplete="off"
        onChange={(event) => setTyped({ ...typed, name_zh: event.target.value })}
      />
      <RadioChoice
        label={t("areas.kindLabel")}
        choices={KINDS.map((kind) => ({ value: kind, label: t(`areas.kind.${kind}`) }))}
        value={typed.kind}
        onChoose={(kind) => setTyped({ ...typed, kind })}
      />
      {area && redrawn && area.properties.grants > 0 && (
        <p className={css.note}>{t("areas.redrawNote", { count: area.properties.grants })}</p>
      )}
      <Refusal error={error} />
      <div className={css.answers}>
        <Button onClick={() => onDone(null)}>{t("common:cancel")}</Button>
        <Button type="submit" kind="primary" disabled={busy}>
          {t("common:save")}
        </Button>
      </div>
    </form>
  );
}

function putBack(area: AdminArea | null, code: string): Promise<unknown> {
  if (!area) return administration.deleteArea(code);
  const { kind, name, name_zh } = area.properties;
  return administration.saveArea(code, { kind, name, name_zh, geometry: area.geometry });
}

function DrawnOutline({
  geometry,
  redrawn,
  missing,
  onGeometry,
}: {
  geometry: AreaGeometry | null;
  redrawn: boolean;
  missing: boolean;
  onGeometry: (geometry: AreaGeometry) => void;
}) {
  const { t } = useTranslation(["administration", "common"]);
  const map = useMap();
  const session = useRef<DrawingSession | null>(null);
  const [progress, setProgress] = useState<DraftProgress | null>(null);
  const [tooFew, setTooFew] = useState(false);

  const draw = () => {
    setProgress({ corners: 0, size_m: null });
    setTooFew(false);
    session.current = startDrawing(map, "polygon", {
      hint: t("areas.drawHint"),
      width_m: 0,
      onProgress: (drawn) => {
        setProgress(drawn);
        setTooFew(false);
      },
      onTooFew: () => setTooFew(true),
      onFinish: (shape) => shape.kind === "polygon" && onGeometry(polygonOf(shape.ring)),
      onLeave: () => {
        session.current = null;
        setProgress(null);
      },
    });
  };

  // Who wants a new area wants to draw it: the map is ready for the first corner.
  const begin = useRef(geometry ? null : draw);
  useEffect(() => {
    begin.current?.();
    return () => session.current?.leave();
  }, []);

  const typedCorners = (
    <TypedCorners
      geometry={geometry}
      onGeometry={(polygon) => {
        session.current?.leave();
        onGeometry(polygon);
      }}
    />
  );
  if (progress) {
    return (
      <>
        <div className={css.drawing} role="toolbar" aria-label={t("areas.drawing")}>
          <output>{t("areas.corners", { count: progress.corners, shown: formatNumber(progress.corners) })}</output>
          <Button icon="undo" disabled={!progress.corners} onClick={() => session.current?.removeLast()}>
            {t("areas.lastBack")}
          </Button>
          <Button kind="primary" icon="check" disabled={progress.corners < 3} onClick={() => session.current?.finish()}>
            {t("areas.finish")}
          </Button>
          <Button kind="quiet" onClick={() => session.current?.leave()}>
            {t("common:cancel")}
          </Button>
          {(tooFew || missing) && (
            <p className={css.wrong} role="alert">
              {t(tooFew ? "areas.cornersMissing" : "areas.outlineMissing")}
            </p>
          )}
        </div>
        {typedCorners}
      </>
    );
  }
  return (
    <>
      <div className={css.outline}>
        <p>{geometry ? t(redrawn ? "areas.drawn" : "areas.outline", summary(geometry)) : t("areas.noOutline")}</p>
        <Button icon="polygon" onClick={draw}>
          {t(geometry ? "areas.drawAgain" : "areas.draw")}
        </Button>
        {missing && (
          <p className={css.wrong} role="alert">
            {t("areas.outlineMissing")}
          </p>
        )}
      </div>
      {typedCorners}
    </>
  );
}

function TypedCorners({
  geometry,
  onGeometry,
}: {
  geometry: AreaGeometry | null;
  onGeometry: (geometry: AreaGeometry) => void;
}) {
  const { t } = useTranslation("administration");
  const map = useMap();
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState("");
  const take = () => {
    const { positions, wrongLine } = readLines(text ?? "", map.settled.get());
    if (wrongLine !== null) setError(t("areas.wrongLine", { line: wrongLine }));
    else if (positions.length < 3) setError(t("areas.cornersMissing"));
    else {
      setError("");
      const polygon = polygonOf(positions);
      onGeometry(polygon);
      map.fit(cornersOf([polygon]));
    }
  };
  return (
    <details className={css.typedCorners}>
      <summary>{t("areas.type")}</summary>
      <TextAreaField
        label={t("areas.typeLabel")}
        help={t("areas.typeHelp")}
        error={error || undefined}
        rows={5}
        spellCheck={false}
        value={text ?? ringOf(geometry).map(formatDecimal).join("\n")}
        onChange={(event) => setText(event.target.value)}
      />
      <Button disabled={text === null} onClick={take}>
        {t("areas.take")}
      </Button>
    </details>
  );
}

/** GeoJSON's ring is closed: the first corner once more. */
function polygonOf(ring: readonly LonLat[]): AreaGeometry {
  const corners = ring.map(({ lon, lat }) => [lon, lat]);
  return { type: "Polygon", coordinates: [[...corners, ...corners.slice(0, 1)]] };
}

/** The corners of an outline that is one ring; typed text starts from them. */
function ringOf(geometry: AreaGeometry | null): LonLat[] {
  const polygons = !geometry ? [] : geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const [ring, ...more] = polygons.flat();
  if (!ring || more.length || ring.length > 200) return [];
  return ring.slice(0, -1).map(([lon = 0, lat = 0]) => ({ lon, lat }));
}

function summary(geometry: AreaGeometry): { count: number; shown: string } {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const count = polygons.flat().reduce((sum, ring) => sum + ring.length - 1, 0);
  return { count, shown: formatNumber(count) };
}

function useShown(geometry: AreaGeometry | null, name: string): void {
  const map = useMap();
  const [reach, setReach] = useState<ReachOnMap | null>(null);
  useEffect(() => {
    const added = addReach(map);
    setReach(added);
    return () => added.remove();
  }, [map]);
  useEffect(() => {
    reach?.show(geometry ? [{ name, geometry }] : [], { dimmed: false });
  }, [reach, geometry, name]);
}
