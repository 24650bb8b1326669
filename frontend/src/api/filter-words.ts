/** A filter's value in words: "Special grade", the name of an area. */
import { useTranslation } from "react-i18next";
import { nameOf } from "@/lib/names";
import type { FILTER_KEYS } from "@/lib/url-state";
import { useMe } from "./session";

export function useFilterWords(): (key: (typeof FILTER_KEYS)[number], value: string) => string {
  const { t } = useTranslation("domain");
  const { areas } = useMe().utility;
  return (key, value) => {
    if (key !== "area") return t(`${key}.${value}`, { defaultValue: value });
    const area = areas.find(({ code }) => code === value);
    return area ? nameOf(area) : value;
  };
}
