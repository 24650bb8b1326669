/** Two people moved the same customer: where it started, mine, theirs, as text and on the map. One is chosen; nothing is lost. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Theirs } from "@/api/moves";
import { useMe } from "@/api/session";
import { useMapLayers } from "@/layers/context";
import { formatDecimal, type LonLat } from "@/lib/coordinates";
import { formatLength, formatMoment } from "@/lib/format";
import { distanceBetween_m } from "@/lib/geodesy";
import { nameOf } from "@/lib/names";
import { Button } from "@/lib/ui";
import { Age } from "@/lib/ui/Time";
import css from "./edit.module.css";
import { type MoveSession, shownAt } from "./move-session";
import { keepTheirs, putMine } from "./move-store";

export function ComparePanel({ session, theirs }: { session: MoveSession; theirs: Theirs }) {
  const { t } = useTranslation("edit");
  const layers = useMapLayers();
  const { guard_distance_m, zone } = useMe().utility;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const mine = shownAt(session);
  const theirPlace: LonLat | null =
    theirs.lon === null || theirs.lat === null ? null : { lon: theirs.lon, lat: theirs.lat };
  const who = theirs.actor_name || theirs.actor || t("conflict.somebody");
  const between = mine && theirPlace ? formatLength(distanceBetween_m(mine, theirPlace)) : null;

  return (
    <div className={css.form} role="alertdialog" aria-labelledby="compare-title" aria-describedby="compare-text">
      <header className={css.head}>
        <h2 id="compare-title" ref={heading} tabIndex={-1}>
          {t("conflict.title", { who })}
        </h2>
        <span id="compare-text">{t("conflict.text", { name: nameOf(session.customer) })}</span>
      </header>
      <div className={css.body}>
        <ol className={css.compare}>
          <Place letter="A" title={t("conflict.start")} place={session.from} />
          <Place letter="B" title={t("conflict.mine")} place={mine}>
            <Far from={session.from} to={mine} />
            {session.reason && <q>{session.reason}</q>}
          </Place>
          <Place letter="C" title={t("conflict.theirs", { who })} place={theirPlace}>
            {theirs.kind === "remove" ? (
              <span>{t("conflict.removed")}</span>
            ) : (
              <Far from={session.from} to={theirPlace} />
            )}
            {theirs.at && (
              <span>
                {formatMoment(theirs.at, zone)} · <Age at={theirs.at} zone={zone} />
              </span>
            )}
            {theirs.reason ? <q>{theirs.reason}</q> : <span className={css.quiet}>{t("conflict.noReason")}</span>}
          </Place>
        </ol>
        {between && <p className={css.between}>{t("conflict.between", { distance: between })}</p>}
      </div>
      <footer className={css.foot}>
        <Button kind="primary" onClick={keepTheirs}>
          {t("conflict.keepTheirs")}
        </Button>
        <Button onClick={() => putMine(layers, guard_distance_m)}>{t("conflict.useMine")}</Button>
      </footer>
    </div>
  );
}

function Place({
  letter,
  title,
  place,
  children,
}: {
  letter: "A" | "B" | "C";
  title: string;
  place: LonLat | null;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation("edit");
  return (
    <li data-letter={letter}>
      <span className={css.letter} aria-hidden="true">
        {letter}
      </span>
      <div>
        <strong>{title}</strong>
        <span className={css.numbers}>{place ? formatDecimal(place) : t("noLocation")}</span>
        {children}
      </div>
    </li>
  );
}

function Far({ from, to }: { from: LonLat | null; to: LonLat | null }) {
  const { t } = useTranslation("edit");
  if (!from || !to) return null;
  return <span>{t("conflict.fromStart", { distance: formatLength(distanceBetween_m(from, to)) })}</span>;
}
