/** A mark as long as a component shows it. */
import { useEffect, useState } from "react";
import type { LonLat } from "@/lib/coordinates";
import { useMap } from "./context";
import { addMark, type Mark, type MarkKind } from "./marks";

export function useMark(
  kind: MarkKind,
  position: LonLat | null,
  { accuracy_m, name }: { accuracy_m?: number | null | undefined; name?: string | undefined } = {},
): void {
  const map = useMap();
  const [mark, setMark] = useState<Mark | null>(null);
  useEffect(() => {
    const added = addMark(map, kind);
    setMark(added);
    return () => added.remove();
  }, [map, kind]);
  const { lon, lat } = position ?? { lon: null, lat: null };
  useEffect(() => {
    if (lon === null || lat === null) mark?.hide();
    else mark?.show({ lon, lat }, { accuracy_m: accuracy_m ?? null, name });
  }, [mark, lon, lat, accuracy_m, name]);
}
