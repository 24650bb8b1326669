/** One shell: top bar, rail, left panel, right card, bottom drawer, controls. Everything else gets out of the map's way. */
import { type CSSProperties, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { Me } from "@/api/types";
import type { RailItem } from "@/features/feature";
import { lazyOf } from "@/lib/lazy-of";
import { useShortcuts } from "@/lib/shortcuts";
import { useStore } from "@/lib/store";
import { Icon, IconButton } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { select, urlState, useSelection, useUrl } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { useEscapeLayers } from "./escape";
import { tabs_px, useCoveredBelow, useLayout } from "./layout";
import { MapFooter } from "./MapFooter";
import { Notices } from "./Notices";
import { cards, drawers, mapControls, overlays, pages, panels, railItems, topBarItems } from "./registry";
import { Sheet } from "./Sheet";
import css from "./shell.module.css";

/** Width of a page beside the map, as `--page` says it to the style sheet. */
const ASIDE_PX = { wide: 440, tablet: 380, phone: 0 } as const;
const BROAD_PX = { wide: 600, tablet: 460, phone: 0 } as const;
/** Of a phone's height. */
const ASIDE_SHARE = 0.5;
const BROAD_SHARE = 0.62;

const Coordinates = lazyOf(() => import("./Coordinates"));

export function Shell() {
  const { t } = useTranslation("common");
  const me = useMe();
  const { panel, drawer, ...rest } = useUrl();
  const selection = useSelection();
  const layout = useLayout();
  const map = useMap();
  const drawn = useStore(map.drawn);
  const inset = useStore(map.inset);
  const controls = drawn ? mapControls.filter((control) => control.allowed?.(me) ?? true) : [];
  const [here, setHere] = useState(0);
  const count = useCallback((by: 1 | -1) => setHere((sum) => sum + by), []);
  const complete = drawn && here > topBarItems.length + controls.length + overlays.length;
  const card = selection ? cards.find((candidate) => candidate.layer === selection.layer) : undefined;
  const openPanel = panels.find((candidate) => candidate.id === panel);
  const openDrawer = drawers.find((candidate) => candidate.id === drawer);
  const openPage = pages.find((candidate) => rest[candidate.id] && candidate.allowed(me));
  const aside = !!openPage?.aside(rest[openPage.id] ?? "");

  useEscapeLayers();
  const below = useCoveredBelow({ card: !!card, drawer: !!openDrawer });
  const bottom_px = Math.max(below.page_px, inset.bottom ? inset.bottom + tabs_px(layout) : 0);
  useMapPadding({
    panel: !!openPanel,
    page: aside && (openPage?.broad ? "broad" : "narrow"),
    card: !!card,
    below_px: below.map_px,
  });
  usePageGivesWay(openPage?.id);
  useShortcuts(
    useMemo(() => [{ keys: "g m", label: "common:keys.map", run: () => document.getElementById("map")?.focus() }], []),
  );

  const Panel = openPanel && lazyOf(openPanel.load);
  const Drawer = openDrawer && lazyOf(openDrawer.load);
  const Page = openPage && lazyOf(openPage.load);
  const Card = card && lazyOf(card.load);

  return (
    <div
      className={css.shell}
      data-panel={openPanel ? "" : undefined}
      data-card={card ? "" : undefined}
      data-drawer={openDrawer ? "" : undefined}
      data-page={openPage ? (aside ? "aside" : "whole") : undefined}
      data-broad={openPage?.broad ? "" : undefined}
      data-layout={layout}
      data-covered={below.covered ? "" : undefined}
      data-complete={complete ? "" : undefined}
      style={{ "--bottom": `${bottom_px}px` } as CSSProperties}
    >
      <button type="button" className={css.skip} onClick={() => document.getElementById("map")?.focus()}>
        {t("skipToMap")}
      </button>
      <TopBar count={count} />
      <Rail me={me} />
      <MapCanvas />
      <div className={css.controls}>
        {controls.map((control) => {
          const Control = lazyOf(control.load);
          return (
            <Boundary key={control.id} quiet>
              <Control />
              <Here count={count} />
            </Boundary>
          );
        })}
      </div>
      <MapFooter>
        {drawn && (
          <Boundary quiet>
            <Coordinates />
            <Here count={count} />
          </Boundary>
        )}
      </MapFooter>
      {Panel && openPanel && (
        <aside className={css.panel} aria-label={t(openPanel.label)}>
          <header className={css.panelHead}>
            <h2>{t(openPanel.label)}</h2>
            <IconButton icon="close" label={t("close")} onClick={() => urlState.set({ panel: null })} />
          </header>
          <div className={css.panelBody}>
            <Boundary>
              <Panel />
            </Boundary>
          </div>
        </aside>
      )}
      {Page && openPage && (
        <section className={css.page} aria-label={t(openPage.label)}>
          <Boundary>
            <Page />
          </Boundary>
        </section>
      )}
      {Drawer && openDrawer && (
        <Sheet kind="drawer" label={t(openDrawer.label)} onClose={() => urlState.set({ drawer: null })}>
          <Boundary>
            <Drawer />
          </Boundary>
        </Sheet>
      )}
      {Card && selection && (
        <Sheet kind="card" label={t("card")} onClose={() => select(null)}>
          <Boundary key={`${selection.layer}:${selection.id}`}>
            <Card id={selection.id} />
          </Boundary>
        </Sheet>
      )}
      {(drawn ? overlays : []).map((overlay) => {
        const Overlay = lazyOf(overlay.load);
        return (
          <Boundary key={overlay.id} quiet>
            <Overlay />
            <Here count={count} />
          </Boundary>
        );
      })}
      <Notices />
    </div>
  );
}

/** Tells that what stands beside it is on the page, its keys included: from the last of them on nothing a person presses is lost. */
function Here({ count }: { count: (by: 1 | -1) => void }) {
  useEffect(() => {
    count(1);
    return () => count(-1);
  }, [count]);
  return null;
}

function TopBar({ count }: { count: (by: 1 | -1) => void }) {
  const drawn = useStore(useMap().drawn);
  return (
    <header className={css.topbar}>
      <div className={css.brand}>
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <rect width="32" height="32" rx="7" fill="var(--brand-tile)" />
          <path
            d="M6 21.5 16 27l10-5.5M6 16l10 5.5L26 16"
            fill="none"
            stroke="#9fe0f5"
            strokeWidth="2"
            strokeLinejoin="round"
            strokeLinecap="round"
            opacity=".75"
          />
          <path d="m17.5 3.500-7 9.500h4.600l-1.400 6.500 7.300-9.700h-4.700z" fill="#fff" />
        </svg>
        <span>GridAtlas</span>
      </div>
      {(drawn ? topBarItems : []).map(({ id, load }) => {
        const Item = lazyOf(load);
        return (
          <Boundary key={id} quiet>
            <Item />
            <Here count={count} />
          </Boundary>
        );
      })}
    </header>
  );
}

function Rail({ me }: { me: Me }) {
  const { t } = useTranslation("common");
  const items = railItems.filter((item) => item.allowed?.(me) ?? true);
  return (
    <nav className={css.rail} aria-label={t("sections")}>
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <RailButton item={item} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

const noBadge = () => 0;

function RailButton({ item }: { item: RailItem }) {
  const { t } = useTranslation("common");
  const url = useUrl();
  const badge = (item.useBadge ?? noBadge)();
  const { opens } = item;
  const [slot, id] =
    "page" in opens ? [opens.page, opens.tab] : "panel" in opens ? ["panel", opens.panel] : ["drawer", opens.drawer];
  const open = "page" in opens ? !!url[slot] : url[slot] === id;
  return (
    <button
      type="button"
      className={css.railButton}
      aria-pressed={open}
      onClick={() => urlState.set({ [slot]: open ? null : id })}
    >
      <Icon name={item.icon} size={20} />
      <span>{t(item.label, { defaultValue: "" })}</span>
      {badge > 0 && <em>{badge > 99 ? "99+" : badge}</em>}
    </button>
  );
}

function MapCanvas() {
  const { t } = useTranslation("common");
  const map = useMap();
  const ref = useRef<HTMLElement>(null);
  const mode = useStore(map.mode);

  useEffect(() => {
    map.attach(ref.current);
    return () => map.attach(null);
  }, [map]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (map.mode.get()?.onKey?.(event.nativeEvent)) {
      event.preventDefault();
      return;
    }
    const step = event.shiftKey ? 1 : 0.3;
    const pan: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const direction = pan[event.key];
    if (!direction) return;
    event.preventDefault();
    map.panBy(...direction);
  };

  return (
    <>
      <main
        id="map"
        ref={ref}
        className={css.map}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the map takes arrow keys.
        tabIndex={0}
        role="application"
        aria-label={t("map")}
        aria-describedby="map-instructions"
        onKeyDown={onKeyDown}
      />
      <p id="map-instructions" className="visually-hidden">
        {t("mapInstructions")}
      </p>
      {mode?.hint && (
        <div className={css.hint} role="status">
          <span>{mode.hint}</span>
          <kbd>Esc</kbd>
        </div>
      )}
    </>
  );
}

/** A page lies over panels and drawers: one that is opened while the page is there takes its place. */
function usePageGivesWay(page: string | undefined): void {
  useEffect(() => {
    if (!page) return;
    let before = urlState.get();
    return urlState.subscribe(() => {
      const now = urlState.get();
      const opened = (["panel", "drawer"] as const).some((slot) => now[slot] && now[slot] !== before[slot]);
      before = now;
      if (opened && now[page]) urlState.set({ [page]: null }, { replace: true });
    });
  }, [page]);
}

/** Tell the map what covers it, so that flights end in the middle of what can be seen. */
function useMapPadding(covers: {
  panel: boolean;
  page: false | "narrow" | "broad";
  card: boolean;
  below_px: number;
}): void {
  const { panel, page, card, below_px } = covers;
  const map = useMap();
  const layout = useLayout();
  useEffect(() => {
    const [page_px, share] = page === "broad" ? [BROAD_PX, BROAD_SHARE] : [ASIDE_PX, ASIDE_SHARE];
    map.setPadding({
      top: 0,
      left: layout === "phone" ? 0 : page ? page_px[layout] : panel ? 320 : 0,
      right: card && layout === "wide" ? 400 : 0,
      bottom: page && layout === "phone" ? window.innerHeight * share : below_px,
    });
  }, [map, layout, panel, page, card, below_px]);
}
