/** Areas of the utility, beside the map: look at one, draw a new one, draw it anew, rename or delete it. */
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type AdminArea, administration, useAdminAreas } from "@/api/administration";
import { formatNumber } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { Button, Empty, TextField } from "@/lib/ui";
import { AskButton } from "@/lib/ui/asking";
import { Unread } from "@/lib/ui/refusal";
import { useMap } from "@/map/context";
import { addReach, cornersOf, type ReachOnMap } from "@/map/reach";
import { AreaForm } from "./AreaForm";
import { actOrThrow } from "./act";
import { goTo, usePlace } from "./address";
import css from "./administration.module.css";

/** As an item of the address; codes of areas hold no blank. */
const NEW = "new area";

export default function Areas() {
  const { t } = useTranslation("administration");
  const { item } = usePlace();
  const areas = useAdminAreas();
  const [text, setText] = useState("");
  const [editing, setEditing] = useState(false);
  const chosen = areas.data?.find(({ properties }) => properties.code === item);
  const isNew = item === NEW;
  useOutlines(areas.data, chosen, isNew || editing);

  if (isNew) return <AreaForm area={null} onDone={(code) => goTo("areas", code ?? "")} />;
  if (chosen && editing) {
    return <AreaForm key={item} area={chosen} onDone={() => setEditing(false)} />;
  }
  const wanted = text.trim().toLocaleLowerCase();
  const shown = (areas.data ?? []).filter(({ properties: { code, name, name_zh } }) =>
    `${code} ${name} ${name_zh}`.toLocaleLowerCase().includes(wanted),
  );
  return (
    <section className={css.aside} aria-label={t("tab.areas")}>
      <div className={css.tools}>
        <TextField
          label={t("areas.search")}
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button kind="primary" icon="polygon" onClick={() => goTo("areas", NEW)}>
          {t("areas.new")}
        </Button>
      </div>
      <Unread reading={areas} />
      {areas.isSuccess && !shown.length && (
        <Empty title={t("areas.none.title")}>{t(areas.data.length ? "areas.none.other" : "areas.none.text")}</Empty>
      )}
      <ul className={css.areas}>
        {shown.map((area) => (
          <li key={area.properties.code} data-open={area === chosen ? "" : undefined}>
            <AreaRow area={area} open={area === chosen} onEdit={() => setEditing(true)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function AreaRow({ area, open, onEdit }: { area: AdminArea; open: boolean; onEdit: () => void }) {
  const { t } = useTranslation("administration");
  const { code, kind, grants, customers, name, name_zh } = area.properties;
  const shown = nameOf(area.properties);
  return (
    <>
      <button type="button" className={css.area} aria-expanded={open} onClick={() => goTo("areas", open ? "" : code)}>
        <span>
          <b>{shown}</b>
          <small>
            {t(`areas.kind.${kind}`)} · {code}
          </small>
        </span>
        <small>{t("areas.customers", { count: customers, shown: formatNumber(customers) })}</small>
      </button>
      {open && (
        <div className={css.areaMore}>
          <p>{t("areas.grants", { count: grants, shown: formatNumber(grants) })}</p>
          <div className={css.deeds}>
            <Button icon="edit" onClick={onEdit}>
              {t("areas.edit")}
            </Button>
            <AskButton
              label={t("areas.delete")}
              title={t("areas.deleteTitle", { name: shown })}
              yes={t("areas.delete")}
              onYes={() =>
                actOrThrow(() => administration.deleteArea(code), t("areas.deleted", { name: shown }), {
                  undo: () => administration.saveArea(code, { kind, name, name_zh, geometry: area.geometry }),
                })
              }
            >
              <p>{t("areas.deleteHelp")}</p>
            </AskButton>
          </div>
        </div>
      )}
    </>
  );
}

/** All areas outlined, or the chosen one alone with the rest of the map dimmed. */
function useOutlines(areas: readonly AdminArea[] | undefined, chosen: AdminArea | undefined, editing: boolean): void {
  const map = useMap();
  const [reach, setReach] = useState<ReachOnMap | null>(null);
  useEffect(() => {
    const added = addReach(map);
    setReach(added);
    return () => added.remove();
  }, [map]);
  const shown = useMemo(() => (editing ? [] : chosen ? [chosen] : (areas ?? [])), [areas, chosen, editing]);
  useEffect(() => {
    const polygons = shown.map(({ properties, geometry }) => ({ name: nameOf(properties), geometry }));
    reach?.show(polygons, { dimmed: !!chosen && !editing });
  }, [reach, shown, chosen, editing]);
  useEffect(() => {
    if (chosen) map.fit(cornersOf([chosen.geometry]));
  }, [map, chosen]);
}
