/** The page: its tabs, and the one that is open. */
import { type ComponentType, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { lazyOf } from "@/lib/lazy-of";
import { IconButton } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { urlState } from "@/lib/url-state";
import { goTo, isBesideMap, TABS, type Tab, usePlace } from "./address";
import css from "./administration.module.css";

const BODIES: Readonly<Record<Tab, () => Promise<{ default: ComponentType }>>> = {
  people: () => import("./People"),
  roles: () => import("./Roles"),
  areas: () => import("./Areas"),
  see: () => import("./SeenAs"),
  access: () => import("./Access"),
  system: () => import("./System"),
};

export default function Administration() {
  const { t } = useTranslation(["administration", "common"]);
  const { tab } = usePlace();
  const Body = lazyOf(BODIES[tab]);
  const open = useRef<HTMLButtonElement>(null);

  // On a phone the tabs are wider than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ref follows the tab.
  useEffect(() => {
    open.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);

  return (
    <div className={css.administration} data-beside={isBesideMap(tab) ? "" : undefined}>
      <header className={css.head}>
        <h1>{t("title")}</h1>
        <IconButton icon="close" label={t("common:close")} onClick={() => urlState.set({ admin: null })} />
        <nav aria-label={t("tabs")}>
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
      </header>
      <div className={css.body}>
        <Boundary key={tab}>
          <Body />
        </Boundary>
      </div>
    </div>
  );
}
