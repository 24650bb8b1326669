/** The small panel of a move: from, to, metres, why, how well known; Save and Cancel. Beside the map, never over the symbol. */
import { type FormEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import { isProblem } from "@/api/problem";
import { useMe } from "@/api/session";
import { POINT_SOURCES, type PointSource } from "@/api/types";
import { useMapLayers } from "@/layers/context";
import { formatDecimal } from "@/lib/coordinates";
import { formatLength } from "@/lib/format";
import { compassPoint, stepped } from "@/lib/geodesy";
import { fieldNameWithUnit } from "@/lib/ledger-words";
import { nameOf } from "@/lib/names";
import { Button, Dialog, Icon, Message, TextField } from "@/lib/ui";
import { DevicePositionButton } from "@/lib/ui/DevicePositionButton";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { SelectField } from "@/lib/ui/fields";
import { PositionField } from "@/lib/ui/PositionField";
import { useMap } from "@/map/context";
import { ComparePanel } from "./ComparePanel";
import css from "./edit.module.css";
import { accuracyOf, distance_m, isMoved, type MoveSession, PLACING, placed, shownAt } from "./move-session";
import { cancelMove, moveSession, saveMove, setPhase, update } from "./move-store";

const QUICK_REASONS = {
  move: ["gate", "building", "survey", "imagery"],
  place: ["survey", "imagery", "told"],
} as const;

export default function MovePanel({ session }: { session: MoveSession }) {
  const { t } = useTranslation("edit");
  const title = t(session.from ? "moveTitle" : "placeTitle", { name: nameOf(session.customer) });
  const box = useRef<HTMLElement>(null);
  useInset(box, session.phase.name === "conflict");
  return (
    <section ref={box} className={css.panel} aria-label={title}>
      {session.phase.name === "conflict" ? (
        <ComparePanel session={session} theirs={session.phase.theirs} />
      ) : (
        <MoveForm session={session} title={title} />
      )}
      <FarDialog session={session} />
    </section>
  );
}

/** Tell the map what the panel covers, so that what is shown is never under it: the left edge, or the lowest part. */
function useInset(box: RefObject<HTMLElement | null>, comparing: boolean): void {
  const map = useMap();
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const tell = () => {
      const panel = element.getBoundingClientRect();
      const canvas = document.getElementById("map")?.getBoundingClientRect();
      if (!canvas) return;
      const low = panel.width > canvas.width / 2;
      map.setInset(low ? { bottom: canvas.bottom - panel.top } : { left: panel.right - canvas.left });
    };
    tell();
    const sized = new ResizeObserver(tell);
    sized.observe(element);
    return () => {
      sized.disconnect();
      map.setInset(null);
    };
  }, [box, map]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once when it opens, once when the question comes up.
  useEffect(() => {
    const session = moveSession.get();
    if (!session) return;
    const at = shownAt(session);
    if (session.phase.name !== "conflict") {
      if (at) map.reveal(at);
      return;
    }
    // All three places at once.
    const { lon, lat } = session.phase.theirs;
    const places = [session.from, at, lon === null || lat === null ? null : { lon, lat }];
    map.fit(
      places.filter((place) => place !== null),
      { maxZoom: 18 },
    );
  }, [comparing, map]);
}

function MoveForm({ session, title }: { session: MoveSession; title: string }) {
  const { t } = useTranslation(["edit", "domain", "position", "errors"]);
  const map = useMap();
  const layers = useMapLayers();
  const { guard_distance_m } = useMe().utility;
  const { phase } = session;
  const moved = isMoved(session);
  const saving = phase.name === "saving";
  const at = shownAt(session);
  const wrongAccuracy = accuracyOf(session) === "wrong";
  const refused = phase.name === "failed" && isProblem(phase.error) ? phase.error.fieldErrors : {};

  const save = (event: FormEvent) => {
    event.preventDefault();
    void saveMove(layers, guard_distance_m);
  };
  const nudge = (east_m: number, north_m: number) =>
    update((current) =>
      placed(current, { ...stepped(shownAt(current) ?? map.shown, east_m, north_m), datum: "WGS84" }, "map_click"),
    );

  return (
    <form className={css.form} onSubmit={save} noValidate>
      <header className={css.head}>
        <h2>{title}</h2>
        <Distance session={session} />
      </header>
      <div className={`${css.body} ${css.moveBody}`}>
        <p className={css.help}>{t(session.from ? "howToMove" : "howToPlace")}</p>
        <SomebodyElse session={session} />
        <div className={css.where}>
          <dl className={css.places}>
            <dt>{t("from")}</dt>
            <dd>{session.from ? formatDecimal(session.from) : t("noLocation")}</dd>
            <dt>{t("to")}</dt>
            <dd>{moved && at ? formatDecimal(at) : t("notYet")}</dd>
          </dl>
          <Nudges onNudge={nudge} />
        </div>
        <PositionField
          label={t("position:label")}
          value={session.given ?? (session.from && { ...session.from, datum: "WGS84" })}
          near={session.from ?? map.shown}
          onGive={(given) => update((current) => placed(current, given, "typed"))}
          onSettle={() => at && map.reveal(at)}
          error={refused.lon?.join(" ") ?? refused.lat?.join(" ")}
        />
        <TextField
          label={t("reason")}
          value={session.reason}
          maxLength={500}
          onChange={(event) => update((current) => ({ ...current, reason: event.target.value }))}
          error={refused.reason}
        />
        <fieldset className={css.quick}>
          <legend className="visually-hidden">{t("quick.title")}</legend>
          {QUICK_REASONS[session.from ? "move" : "place"].map((key) => {
            const text = t(`quick.${key}`);
            return (
              <button
                key={key}
                type="button"
                aria-pressed={session.reason === text}
                onClick={() => update((current) => ({ ...current, reason: current.reason === text ? "" : text }))}
              >
                {text}
              </button>
            );
          })}
        </fieldset>
        <details className={css.details}>
          <summary>{t("quality", { source: t(`domain:source.${session.source}`) })}</summary>
          <div className={css.pair}>
            <SelectField<PointSource>
              label={t("domain:field.source")}
              choices={POINT_SOURCES.map((value) => ({ value, label: t(`domain:source.${value}`) }))}
              value={session.source}
              onChoose={(source) => update((current) => ({ ...current, source, sourceChosen: true }))}
            />
            <TextField
              label={fieldNameWithUnit("accuracy_m")}
              inputMode="decimal"
              value={session.accuracy}
              onChange={(event) => update((current) => ({ ...current, accuracy: event.target.value }))}
              error={wrongAccuracy ? t("accuracyWrong") : refused.accuracy_m}
            />
          </div>
          <DevicePositionButton
            onFound={({ lon, lat, accuracy_m }) => {
              update((current) => placed(current, { lon, lat, datum: "WGS84" }, "device", accuracy_m));
              map.reveal({ lon, lat });
            }}
          />
        </details>
        {phase.name === "swapped" && (
          <Message tone="warning">
            <p>{t("swapped", { position: formatDecimal(phase.suggestion) })}</p>
            <div className={css.row}>
              <Button
                kind="primary"
                onClick={() => {
                  update((current) => placed(current, { ...phase.suggestion, datum: "WGS84" }, "typed"));
                  map.reveal(phase.suggestion);
                }}
              >
                {t("useSuggestion")}
              </Button>
              <Button onClick={() => saveMove(layers, guard_distance_m, true)}>{t("keepTyped")}</Button>
            </div>
          </Message>
        )}
        {phase.name === "failed" && (
          <Message tone="critical" requestId={errorRequestId(phase.error)}>
            {errorText(phase.error, t)} {t("nothingLost")}
          </Message>
        )}
      </div>
      <footer className={css.foot}>
        <Button type="submit" kind="primary" icon="check" disabled={!moved || saving || wrongAccuracy}>
          {t(saving ? "saving" : phase.name === "failed" ? "again" : "save")}
        </Button>
        <Button onClick={cancelMove}>
          {t("cancel")} <kbd>Esc</kbd>
        </Button>
      </footer>
    </form>
  );
}

/** "35 m north-east", said politely when the symbol comes to rest. */
function Distance({ session }: { session: MoveSession }) {
  const { t } = useTranslation(["edit", "moves"]);
  const at = shownAt(session);
  const metres = distance_m(session);
  const text = !isMoved(session)
    ? ""
    : session.from && at && metres !== null
      ? t("moved", { distance: formatLength(metres), direction: t(`moves:compass.${compassPoint(session.from, at)}`) })
      : t("placedAt");
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <>
      <strong className={css.distance}>{text || t(session.from ? "notMoved" : "notPlaced")}</strong>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}

/** Buttons for who can neither drag nor press arrow keys (WCAG 2.5.7). */
function Nudges({ onNudge }: { onNudge: (east_m: number, north_m: number) => void }) {
  const { t } = useTranslation("edit");
  const ways = [
    ["north", 0, 1, "chevronUp"],
    ["west", -1, 0, "chevronLeft"],
    ["east", 1, 0, "chevronRight"],
    ["south", 0, -1, "chevronDown"],
  ] as const;
  return (
    <fieldset className={css.nudges}>
      <legend className="visually-hidden">{t("nudge.title")}</legend>
      {ways.map(([way, east, north, icon]) => (
        <button
          key={way}
          type="button"
          style={{ gridArea: way }}
          aria-label={t(`nudge.${way}`)}
          title={t(`nudge.${way}`)}
          onClick={(event) => {
            const step_m = event.shiftKey ? 10 : 1;
            onNudge(east * step_m, north * step_m);
          }}
        >
          <Icon name={icon} size={16} />
        </button>
      ))}
    </fieldset>
  );
}

/** The live stream brought another version of it while this one was being dragged. */
function SomebodyElse({ session }: { session: MoveSession }) {
  const { t } = useTranslation("edit");
  const version = useCustomer(session.customer.id).data?.point_version;
  if (version === undefined || version <= session.baseVersion || session.phase.name === "saving") return null;
  return <Message tone="warning">{t("movedMeanwhile")}</Message>;
}

function FarDialog({ session }: { session: MoveSession }) {
  const { t } = useTranslation("edit");
  const layers = useMapLayers();
  const { guard_distance_m } = useMe().utility;
  const far = session.phase.name === "askingFar" ? session.phase : null;
  const back = () => {
    if (far) setPhase(PLACING);
  };
  return (
    <Dialog title={t("far.title")} open={far !== null} onClose={back}>
      {far && (
        <>
          <p>
            {t("far.text", {
              name: nameOf(session.customer),
              distance: formatLength(far.distance_m),
              guard: formatLength(far.guard_m),
            })}
          </p>
          <div className={css.row}>
            <Button kind="primary" data-first onClick={() => saveMove(layers, guard_distance_m, true)}>
              {t("far.yes", { distance: formatLength(far.distance_m) })}
            </Button>
            <Button onClick={back}>{t("far.no")}</Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
