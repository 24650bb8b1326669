/** The box: `/` focuses it, arrows choose, Enter flies there and opens the card, Esc clears. An ARIA combobox. */
import {
  type KeyboardEvent,
  type ReactNode,
  useDeferredValue,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "@/api/search";
import type { SearchResult } from "@/api/types";
import { formatDecimal, readCoordinates } from "@/lib/coordinates";
import { nameOf } from "@/lib/names";
import { placeLine } from "@/lib/place-words";
import { useShortcuts } from "@/lib/shortcuts";
import { Icon, IconButton } from "@/lib/ui";
import { errorText } from "@/lib/ui/errors";
import { select } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import { useMap } from "@/map/context";
import { useMark } from "@/map/use-mark";
import { partOf } from "./part-of";
import css from "./search.module.css";

const KINDS = ["coordinate", "customer", "place"] as const;

/** Wait for the next letter before asking. */
function useDebounced(text: string, delay_ms: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), delay_ms);
    return () => clearTimeout(timer);
  }, [text, delay_ms]);
  return settled;
}

export default function SearchBox() {
  const { t } = useTranslation(["search", "domain", "errors"]);
  const map = useMap();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [pin, setPin] = useState<SearchResult | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const asked = useDebounced(text, 110);
  const answer = useSearch(asked);
  const current = useResults(text, text.trim() ? answer.data?.results : undefined);
  const results = useDeferredValue(current);
  const settled = asked === text && !answer.isFetching;
  // Enter may come before the answer does: then the first result is gone to as soon as it is there.
  const [hurried, setHurried] = useState(false);
  const shown = open && text.trim() !== "";

  useMark("pin", pin && pin.lon !== null && pin.lat !== null ? { lon: pin.lon, lat: pin.lat } : null);
  useShortcuts(useMemo(() => [{ keys: "/", label: "search:keys.search", run: () => input.current?.select() }], []));
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new text starts at the first result again.
  useEffect(() => {
    setActive(0);
    setHurried(false);
  }, [text]);

  const go = (result: SearchResult) => {
    setOpen(false);
    input.current?.blur();
    if (result.kind === "customer" && typeof result.id === "number") {
      setPin(null);
      select({ layer: "customers", id: result.id });
    } else {
      setPin(result);
    }
    if (result.lon !== null && result.lat !== null) {
      map.flyTo({ lon: result.lon, lat: result.lat, zoom: Math.max(result.zoom ?? 16, map.view.getZoom() ?? 0) });
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: only the arrival of the answer counts.
  useEffect(() => {
    if (!hurried || !settled) return;
    setHurried(false);
    if (current[0]) go(current[0]);
  }, [hurried, settled]);

  const clear = () => {
    setText("");
    setPin(null);
    setOpen(false);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    // While an input method composes Chinese, Enter and arrows belong to it.
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setOpen(true);
      setActive((index) => (results.length ? (index + step + results.length) % results.length : 0));
    } else if (event.key === "Enter") {
      const result = current[active];
      // A result of an earlier text must not be taken for the present one.
      if (result && (settled || result.kind === "coordinate")) go(result);
      else if (text.trim()) setHurried(true);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (text) clear();
      else input.current?.blur();
    }
  };

  return (
    <search className={css.box}>
      <div className={css.field}>
        <Icon name="search" size={16} />
        <input
          ref={input}
          role="combobox"
          aria-label={t("label")}
          aria-expanded={shown}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={shown && results[active] ? `${listId}-${active}` : undefined}
          placeholder={t("placeholder")}
          autoComplete="off"
          spellCheck={false}
          enterKeyHint="search"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
        {text ? <IconButton icon="close" size={14} label={t("clear")} onClick={clear} /> : <kbd>/</kbd>}
      </div>
      {shown && (
        // biome-ignore lint/a11y/noStaticElementInteractions: only keeps the focus in the input.
        <div className={css.list} onMouseDown={(event) => event.preventDefault()}>
          <div id={listId} role="listbox" aria-label={t("results")} tabIndex={-1}>
            {KINDS.map((kind) => {
              const group = results
                .map((result, index) => ({ result, index }))
                .filter(({ result }) => result.kind === kind);
              if (!group.length) return null;
              return (
                // biome-ignore lint/a11y/useSemanticElements: options of a listbox are grouped by role.
                <div key={kind} role="group" aria-label={t(`kind.${kind}`)}>
                  <div className={css.heading} aria-hidden="true">
                    {t(`kind.${kind}`)}
                  </div>
                  {group.map(({ result, index }) => (
                    <Option
                      key={`${result.kind}:${result.id ?? result.title}:${index}`}
                      id={`${listId}-${index}`}
                      result={result}
                      text={asked}
                      active={index === active}
                      onPick={() => go(result)}
                      onPoint={() => setActive(index)}
                    />
                  ))}
                </div>
              );
            })}
          </div>
          {!results.length && (
            <p className={css.none} role="status">
              {answer.isError
                ? errorText(answer.error, t)
                : answer.isFetching || asked !== text
                  ? t("searching")
                  : t("none", { text })}
            </p>
          )}
        </div>
      )}
      <span className="visually-hidden" role="status">
        {shown && results.length ? t("count", { count: results.length }) : ""}
      </span>
    </search>
  );
}

/** Coordinates are read here, without the server; when two readings are possible both are offered. */
function useResults(text: string, found: readonly SearchResult[] | undefined): readonly SearchResult[] {
  const { t } = useTranslation("search");
  return useMemo(() => {
    const readings = readCoordinates(text);
    const coordinates = readings.map(
      ({ lon, lat, order, notation }): SearchResult => ({
        kind: "coordinate",
        id: null,
        title: formatDecimal({ lon, lat }),
        subtitle: t(readings.length > 1 ? `order.${order}` : `notation.${notation}`),
        match: "coordinate",
        lon,
        lat,
        zoom: 17,
      }),
    );
    const others = (found ?? []).filter((result) => result.kind !== "coordinate" || !coordinates.length);
    return KINDS.flatMap((kind) => [...coordinates, ...others].filter((result) => result.kind === kind));
  }, [text, found, t]);
}

/** The part of the line that the search text is. */
function marked(line: string, text: string): ReactNode {
  const part = partOf(line, text);
  if (!part) return line;
  return (
    <>
      {line.slice(0, part[0])}
      <mark>{line.slice(...part)}</mark>
      {line.slice(part[1])}
    </>
  );
}

function Option({
  id,
  result,
  text,
  active,
  onPick,
  onPoint,
}: {
  id: string;
  result: SearchResult;
  text: string;
  active: boolean;
  onPick: () => void;
  onPoint: () => void;
}) {
  const { t } = useTranslation(["search", "domain"]);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) ref.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the combobox's.
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox (aria-activedescendant).
    <div
      ref={ref}
      id={id}
      role="option"
      aria-selected={active}
      className={css.option}
      onClick={onPick}
      onMouseMove={onPoint}
    >
      {result.kind === "customer" ? (
        <CustomerSymbol grade={result.grade ?? "none"} status={result.status ?? "unknown"} size={26} />
      ) : (
        <span className={css.glyph}>
          <Icon name={result.kind === "place" ? "pin" : "locate"} size={16} />
        </span>
      )}
      <span className={css.text}>
        <span>
          {marked(
            nameOf({ name: result.title, name_en: result.title_en ?? null, name_zh: result.title_zh ?? null }),
            text,
          )}
        </span>
        <small>
          {result.kind === "customer" && result.grade && result.grade !== "none"
            ? `${t(`domain:grade.${result.grade}`)} · `
            : ""}
          {result.contact && (
            <>
              {result.contact.name} {marked(`…${result.contact.phone_ends}`, text)}
              {" · "}
            </>
          )}
          {marked(result.kind === "place" ? placeLine(result) : result.subtitle, text)}
          {result.kind === "customer" && result.lon === null ? ` · ${t("unlocated")}` : ""}
        </small>
      </span>
    </div>
  );
}
