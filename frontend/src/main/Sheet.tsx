/** The right card and the bottom drawer; on a tablet and a phone both are bottom sheets with three heights. */
import { type PointerEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/lib/ui";
import { type SheetHeight, type SheetKind, useLayout, useSheetHeight } from "./layout";
import css from "./shell.module.css";

const HEIGHTS: readonly SheetHeight[] = ["low", "half", "full"];

export function Sheet({
  kind,
  label,
  onClose,
  children,
}: {
  kind: SheetKind;
  label: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation("common");
  const layout = useLayout();
  const { height, height_px, set: setHeight } = useSheetHeight(kind);
  const [pull, setPull] = useState<number | null>(null);
  const start = useRef(0);
  const handled = kind === "drawer" || layout !== "wide";

  const step = (by: 1 | -1) => {
    const next = HEIGHTS[HEIGHTS.indexOf(height) + by];
    if (next) setHeight(next);
    else if (by < 0) onClose();
  };

  const onPointerDown = (event: PointerEvent<HTMLButtonElement>) => {
    start.current = event.clientY;
    event.currentTarget.setPointerCapture(event.pointerId);
    setPull(0);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (pull !== null) setPull(event.clientY - start.current);
  };
  const onPointerUp = () => {
    const by = pull ?? 0;
    setPull(null);
    if (Math.abs(by) > 40) step(by < 0 ? 1 : -1);
    else if (Math.abs(by) < 4) setHeight(height === "full" ? "half" : "full");
  };

  return (
    <aside
      className={`${css.sheet} ${kind === "card" ? css.card : css.drawer}`}
      data-height={height}
      aria-label={label}
      style={{
        ...(handled ? { height: height_px } : {}),
        ...(pull ? { transform: `translateY(${Math.max(pull, -200)}px)`, transition: "none" } : {}),
      }}
    >
      {handled && (
        <button
          type="button"
          className={css.handle}
          aria-label={t("sheetHeight", { height: t(`heights.${height}`) })}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setPull(null)}
          onKeyDown={(event) => {
            if (event.key === "ArrowUp") step(1);
            else if (event.key === "ArrowDown") step(-1);
            else if (event.key === "Enter" || event.key === " ") setHeight(height === "full" ? "half" : "full");
            else return;
            event.preventDefault();
          }}
        />
      )}
      <IconButton className={css.sheetClose} icon="close" label={t("close")} onClick={onClose} />
      <div className={css.sheetBody}>{children}</div>
    </aside>
  );
}
