/** Layers, areas and places of rights as people call them. */
import { useTranslation } from "react-i18next";
import { useAdminAreas } from "@/api/administration";
import { useLayers } from "@/api/map-info";
import { localized } from "@/lib/i18n";
import { nameOf } from "@/lib/names";
import { EVERY_LAYER, IMAGERY, type Where } from "./grants";

export interface Words {
  layer: (id: string) => string;
  area: (code: string) => string;
  where: (where: Where) => string;
}

export function useWords(): Words {
  const { t } = useTranslation(["administration", "domain"]);
  const layers = useLayers().data ?? [];
  const areas = useAdminAreas().data ?? [];
  const beside: Record<string, string> = { [EVERY_LAYER]: t("everyLayer"), [IMAGERY]: t("imagery") };
  const layer = (id: string) => beside[id] ?? (localized(layers.find((one) => one.id === id)?.title) || id);
  const area = (code: string) => {
    const found = areas.find(({ properties }) => properties.code === code);
    return found ? nameOf(found.properties) : code;
  };
  const where = (place: Where) =>
    typeof place === "string" ? t(`where.${place}`) : place.map(area).join(t("domain:listComma"));
  return { layer, area, where };
}
