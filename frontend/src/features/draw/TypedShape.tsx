/** Every shape can also be typed: a circle around a position or the selected customer, corners one per line. */
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import { formatDecimal, type LonLat } from "@/lib/coordinates";
import { readLines } from "@/lib/corner-lines";
import { nameOf } from "@/lib/names";
import { isWithin, positionsOf, RADIUS_M, SHAPE_KINDS, type ShapeKind, shapeOf, WIDTH_M } from "@/lib/shapes";
import { Button, TextField } from "@/lib/ui";
import { useSelection } from "@/lib/url-state";
import { useMap } from "@/map/context";
import css from "./draw.module.css";
import { corridorWidth_m, showShape } from "./drawing";

export function TypedShape() {
  const { t } = useTranslation("draw");
  const map = useMap();
  const id = useId();
  const [kind, setKind] = useState<ShapeKind>("circle");
  const [text, setText] = useState("");
  const [radius, setRadius] = useState("500");
  const [width, setWidth] = useState(String(corridorWidth_m.get()));
  const [errors, setErrors] = useState<{ positions?: string; size?: string }>({});
  const around = useSelectedPlace();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { positions, wrongLine } = readLines(text, map.settled.get());
    const size_m = kind === "circle" ? Number(radius) : Number(width);
    const found: typeof errors = {};
    if (wrongLine !== null) found.positions = t("errors.line", { line: wrongLine });
    else if (positions.length < LEAST[kind]) found.positions = t(`errors.least.${kind}`);
    if (kind !== "polygon" && !isWithin(size_m, kind === "circle" ? RADIUS_M : WIDTH_M)) {
      found.size = t(kind === "circle" ? "errors.radius" : "errors.width");
    }
    setErrors(found);
    const shape = shapeOf(kind, positions, size_m);
    if (Object.keys(found).length || !shape) return;
    if (kind === "corridor") corridorWidth_m.set(size_m);
    showShape(shape);
    map.fit(positionsOf(shape));
  };

  return (
    <details className={css.typed}>
      <summary>{t("typed.title")}</summary>
      <form onSubmit={submit} noValidate>
        <div className={css.field}>
          <label htmlFor={`${id}-kind`}>{t("typed.kind")}</label>
          <select
            id={`${id}-kind`}
            value={kind}
            onChange={(event) => {
              setKind(event.target.value as ShapeKind);
              setErrors({});
            }}
          >
            {SHAPE_KINDS.map((option) => (
              <option key={option} value={option}>
                {t(`kinds.${option}`)}
              </option>
            ))}
          </select>
        </div>
        {kind === "circle" ? (
          <>
            <TextField
              label={t("typed.centre")}
              help={t("typed.centreHelp")}
              error={errors.positions}
              value={text}
              autoComplete="off"
              onChange={(event) => setText(event.target.value)}
            />
            {around && (
              <Button icon="pin" onClick={() => setText(formatDecimal(around.place))}>
                {t("typed.around", { name: around.name })}
              </Button>
            )}
            <TextField
              label={t("radius")}
              inputMode="decimal"
              error={errors.size}
              value={radius}
              onChange={(event) => setRadius(event.target.value)}
            />
          </>
        ) : (
          <>
            <div className={css.field}>
              <label htmlFor={`${id}-corners`}>{t("typed.corners")}</label>
              <textarea
                id={`${id}-corners`}
                rows={4}
                value={text}
                spellCheck={false}
                aria-invalid={errors.positions ? true : undefined}
                aria-describedby={`${id}-note`}
                onChange={(event) => setText(event.target.value)}
              />
              <span id={`${id}-note`} data-error={errors.positions ? "" : undefined}>
                {errors.positions ?? t("typed.cornersHelp")}
              </span>
            </div>
            {kind === "corridor" && (
              <TextField
                label={t("width")}
                inputMode="decimal"
                error={errors.size}
                value={width}
                onChange={(event) => setWidth(event.target.value)}
              />
            )}
          </>
        )}
        <Button type="submit" kind="primary">
          {t("typed.show")}
        </Button>
      </form>
    </details>
  );
}

const LEAST: Readonly<Record<ShapeKind, number>> = { polygon: 3, circle: 1, corridor: 2 };

function useSelectedPlace(): { name: string; place: LonLat } | null {
  const selection = useSelection();
  const customer = useCustomer(selection?.layer === "customers" ? selection.id : null).data;
  if (!customer || customer.lon === null || customer.lat === null) return null;
  return { name: nameOf(customer), place: { lon: customer.lon, lat: customer.lat } };
}
