/** The square buttons over the map: one alone, or several in one box. */
import type { ReactNode } from "react";
import { Icon, type IconName } from ".";
import css from "./map-button.module.css";

export function MapButton({
  icon,
  label,
  keys,
  pressed,
  turn_rad,
  onClick,
}: {
  icon: IconName;
  label: string;
  /** Its shortcut, told in the tooltip. */
  keys?: string;
  pressed?: boolean;
  turn_rad?: number;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className={css.button}
      aria-label={label}
      aria-pressed={pressed}
      title={keys ? `${label} (${keys})` : label}
      onClick={onClick}
    >
      <span style={turn_rad === undefined ? undefined : { transform: `rotate(${turn_rad}rad)` }}>
        <Icon name={icon} size={18} />
      </span>
    </button>
  );
}

export function MapButtons({ children }: { children: ReactNode }) {
  return <div className={css.group}>{children}</div>;
}
