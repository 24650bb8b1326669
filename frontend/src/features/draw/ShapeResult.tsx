/** Who is inside the drawn shape: counts, sums, list; its size can still be changed. */
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { isProblem } from "@/api/problem";
import { CLASSES, type CustomerRow, GRADES } from "@/api/types";
import { useWithin, type WithinAnswer } from "@/api/within";
import { filterCount, useCustomerFilters } from "@/lib/customer-filters";
import { formatArea, formatLength, formatNumber, formatQuantity } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { type DrawnShape, isWithin, RADIUS_M, WIDTH_M } from "@/lib/shapes";
import { Button, Empty, Loading, Message } from "@/lib/ui";
import { TryAgain } from "@/lib/ui/refusal";
import { select, useSelection } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import { useMap } from "@/map/context";
import { shapeSize } from "@/map/draw";
import css from "./draw.module.css";
import { clearShape, corridorWidth_m, resizeShape } from "./drawing";

const FIRST_ROWS = 100;

export function ShapeResult({ shape }: { shape: DrawnShape }) {
  const { t } = useTranslation(["draw", "common"]);
  const filters = useCustomerFilters();
  const within = useWithin(shape, filters);
  const size = shapeSize(shape);

  const copyLink = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      notify({ kind: "done", text: t("linkCopied") });
    } catch {
      notify({ kind: "warning", text: t("linkNotCopied") });
    }
  };

  return (
    <section className={css.result} aria-busy={within.isFetching}>
      <div className={css.shape}>
        <p>
          <b>{t(`kinds.${shape.kind}`)}</b>
          {size.length_m !== null && ` · ${formatLength(size.length_m)}`}
          {` · ${formatArea(size.area_m2)}`}
        </p>
        {shape.kind !== "polygon" && <SizeField shape={shape} />}
        <div className={css.actions}>
          <Button icon="copy" onClick={() => void copyLink()}>
            {t("copyLink")}
          </Button>
          <Button icon="trash" onClick={clearShape}>
            {t("clear")}
          </Button>
        </div>
      </div>
      {within.isError && (
        <TryAgain
          error={within.error}
          again={within.refetch}
          words={
            shape.kind === "polygon" && isProblem(within.error, "bad_coordinates") ? t("errors.crossing") : undefined
          }
        />
      )}
      {within.isPending && <Loading />}
      {within.data && !within.isError && <Inside answer={within.data} filtered={filterCount(filters) > 0} />}
    </section>
  );
}

function Inside({ answer, filtered }: { answer: WithinAnswer; filtered: boolean }) {
  const { t } = useTranslation(["draw", "domain"]);
  if (!answer.count) {
    return (
      <Empty title={t("nobody")}>
        <p>{t(filtered ? "nobodyFiltered" : "nobodyHelp")}</p>
      </Empty>
    );
  }
  return (
    <>
      <p className={css.count} role="status">
        {t("inside", { count: answer.count, shown: formatNumber(answer.count) })}
        {filtered && <small>{t("filtered")}</small>}
      </p>
      <dl className={css.sums}>
        <Sum label={t("contract")} kva={answer.contract_kva} />
        <Sum label={t("running")} kva={answer.running_kva} />
      </dl>
      <Counts label={t("domain:field.grade")} found={answer.by_grade} words={GRADES} axis="grade" />
      <Counts label={t("domain:field.class")} found={answer.by_class} words={CLASSES} axis="class" />
      {answer.truncated && (
        <Message tone="warning">
          {t("truncated", { shown: formatNumber(answer.customers.length), all: formatNumber(answer.count) })}
        </Message>
      )}
      <Hits rows={answer.customers} />
    </>
  );
}

/** Unknown is not zero. */
function Sum({ label, kva }: { label: string; kva: number | null }) {
  const { t } = useTranslation("draw");
  const text = formatQuantity(kva, "kVA");
  return (
    <div>
      <dt>{label}</dt>
      <dd data-unknown={text === null ? "" : undefined}>{text ?? t("notKnown")}</dd>
    </div>
  );
}

function Counts<Word extends string>({
  label,
  found,
  words,
  axis,
}: {
  label: string;
  found: Readonly<Record<string, number>>;
  words: readonly Word[];
  axis: "grade" | "class";
}) {
  const { t } = useTranslation("domain");
  const headingId = useId();
  const shown = words.filter((word) => found[word]);
  if (!shown.length) return null;
  return (
    <div className={css.counts}>
      <h3 id={headingId}>{label}</h3>
      <ul aria-labelledby={headingId}>
        {shown.map((word) => (
          <li key={word}>
            {axis === "grade" ? (
              <CustomerSymbol grade={word as (typeof GRADES)[number]} status="unknown" size={24} />
            ) : (
              <CustomerSymbol grade="none" status="unknown" classes={word} size={24} />
            )}
            <span>{t(`${axis}.${word}`)}</span>
            <b>{formatNumber(found[word] ?? 0)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Hits({ rows }: { rows: readonly CustomerRow[] }) {
  const { t } = useTranslation(["draw", "domain"]);
  const map = useMap();
  const headingId = useId();
  const selection = useSelection();
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, FIRST_ROWS);

  const choose = (row: CustomerRow) => {
    select({ layer: "customers", id: row.id });
    if (row.lon !== null && row.lat !== null) map.reveal({ lon: row.lon, lat: row.lat });
  };

  return (
    <div className={css.hits}>
      <h3 id={headingId}>{t("list")}</h3>
      <ul aria-labelledby={headingId}>
        {shown.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              aria-current={selection?.layer === "customers" && selection.id === row.id ? "true" : undefined}
              onClick={() => choose(row)}
            >
              <CustomerSymbol grade={row.grade} status={row.status} classes={row.classes} size={28} />
              <span>
                <b>{nameOf(row)}</b>
                <small>
                  {t(`domain:gradeShort.${row.grade}`)} · {row.account_no}
                </small>
              </span>
              <em data-unknown={row.contract_kva === null ? "" : undefined}>
                {formatQuantity(row.contract_kva, "kVA") ?? t("notKnown")}
              </em>
            </button>
          </li>
        ))}
      </ul>
      {shown.length < rows.length && (
        <Button onClick={() => setAll(true)}>{t("showAll", { shown: formatNumber(rows.length) })}</Button>
      )}
    </div>
  );
}

/** Radius or width in metres; what is typed counts a moment later, if it is a size at all. */
function SizeField({ shape }: { shape: Exclude<DrawnShape, { kind: "polygon" }> }) {
  const { t } = useTranslation("draw");
  const id = useId();
  const now_m = shape.kind === "circle" ? shape.radius_m : shape.width_m;
  const limits = shape.kind === "circle" ? RADIUS_M : WIDTH_M;
  const [text, setText] = useState(String(now_m));
  const [before, setBefore] = useState(now_m);
  if (before !== now_m) {
    setBefore(now_m);
    setText(String(now_m));
  }
  const typed_m = Number(text);
  const valid = text.trim() !== "" && isWithin(typed_m, limits);

  useEffect(() => {
    if (!valid || typed_m === now_m) return;
    const timer = setTimeout(() => {
      if (shape.kind === "circle") resizeShape({ ...shape, radius_m: typed_m });
      else {
        corridorWidth_m.set(typed_m);
        resizeShape({ ...shape, width_m: typed_m });
      }
    }, 350);
    return () => clearTimeout(timer);
  }, [valid, typed_m, now_m, shape]);

  const step = now_m < 100 ? 10 : now_m < 1_000 ? 50 : 500;
  return (
    <div className={css.size}>
      <label htmlFor={id}>{t(shape.kind === "circle" ? "radius" : "width")}</label>
      <input
        id={id}
        type="number"
        min={limits.least}
        max={limits.most}
        step={step}
        value={text}
        aria-invalid={!valid}
        aria-describedby={valid ? undefined : `${id}-error`}
        onChange={(event) => setText(event.target.value)}
      />
      {!valid && (
        <span id={`${id}-error`} role="alert">
          {t(shape.kind === "circle" ? "errors.radius" : "errors.width")}
        </span>
      )}
    </div>
  );
}
