/** The map as far as this person sees it; the banner says so and leads back. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSeenAs } from "@/api/administration";
import { nameOf } from "@/lib/names";
import { useStore } from "@/lib/store";
import { Button, Icon } from "@/lib/ui";
import { urlState } from "@/lib/url-state";
import { useMap } from "@/map/context";
import { addReach, cornersOf, type ReachOnMap } from "@/map/reach";
import { refusalText } from "./act";
import { goTo, usePlace } from "./address";
import css from "./administration.module.css";
import { reachOf, shownRight } from "./seen";
import { useWords } from "./words";

export default function SeenAsBanner({ id }: { id: number }) {
  const { t } = useTranslation("administration");
  const { tab } = usePlace();
  const map = useMap();
  const words = useWords();
  const seen = useSeenAs(id);
  const right = useStore(shownRight);
  const banner = useRef<HTMLDivElement>(null);
  const [reach, setReach] = useState<ReachOnMap | null>(null);
  useEffect(() => {
    const added = addReach(map);
    setReach(added);
    return () => {
      map.setInset(null);
      added.remove();
    };
  }, [map]);
  useEffect(() => {
    if (!seen.data) return;
    // Flights end below the banner.
    map.setInset({ top: (banner.current?.offsetHeight ?? 0) + 12 });
    const where = reachOf(seen.data, right);
    const polygons = where === "everywhere" ? [] : where;
    reach?.show(
      polygons.map(({ properties, geometry }) => ({ name: nameOf(properties), geometry })),
      { dimmed: where !== "everywhere" },
    );
    const corners = cornersOf(polygons.map(({ geometry }) => geometry));
    if (corners.length) map.fit(corners);
  }, [map, reach, seen.data, right]);

  const where = seen.data && reachOf(seen.data, right);
  const name = seen.data?.person.name || seen.data?.person.username;
  const place = !where ? "" : where === "everywhere" ? "everywhere" : where.length ? "areas" : "nowhere";
  return (
    <div ref={banner} className={css.banner} role="status">
      <Icon name="eye" size={18} />
      <p>
        {seen.isError && refusalText(seen.error)}
        {name && (
          <>
            <b>{t("see.banner", { name })}</b>{" "}
            {t(`see.shown.${place}`, { layer: words.layer(right.layer), action: t(`action.${right.action}`) })}
          </>
        )}
      </p>
      {tab !== "see" && seen.data && <Button onClick={() => goTo("see")}>{t("see.words")}</Button>}
      <Button kind="primary" onClick={() => urlState.set({ seeas: null })}>
        {t("see.back")}
      </Button>
    </div>
  );
}
