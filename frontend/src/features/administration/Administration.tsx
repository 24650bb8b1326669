/** The page: its tabs, and the one that is open. */
import { type ComponentType, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { lazyOf } from "@/lib/lazy-of";
import { Boundary } from "@/lib/ui/Boundary";
import { PageFrame } from "@/lib/ui/PageFrame";
import { RefusalWords } from "@/lib/ui/refusal";
import { urlState } from "@/lib/url-state";
import { refusalText } from "./act";
import { goTo, TABS, type Tab, usePlace } from "./address";
import css from "./administration.module.css";

const BODIES: Readonly<Record<Tab, () => Promise<{ default: ComponentType }>>> = {
  people: () => import("./People"),
  roles: () => import("./Roles"),
  areas: () => import("./Areas"),
  basemaps: () => import("./Basemaps"),
  see: () => import("./SeenAs"),
  access: () => import("./Access"),
  system: () => import("./System"),
};

export default function Administration() {
  const { t } = useTranslation("administration");
  const { tab } = usePlace();
  const Body = lazyOf(BODIES[tab]);
  const open = useRef<HTMLButtonElement>(null);

  // On a phone the tabs are wider than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ref follows the tab.
  useEffect(() => {
    open.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);

  return (
    <PageFrame
      className={css.administration}
      title={t("title")}
      onClose={() => urlState.set({ admin: null })}
      crowded
      nav={
        <nav className={css.tabs} aria-label={t("tabs")}>
          <ul>
            {TABS.map((one) => (
              <li key={one}>
                <button
                  ref={one === tab ? open : undefined}
                  type="button"
                  aria-current={one === tab ? "page" : undefined}
                  onClick={() => goTo(one)}
                >
                  {t(`tab.${one}`)}
                </button>
              </li>
            ))}
          </ul>
        </nav>
      }
    >
      <RefusalWords value={refusalText}>
        <Boundary key={tab}>
          <Body />
        </Boundary>
      </RefusalWords>
    </PageFrame>
  );
}
