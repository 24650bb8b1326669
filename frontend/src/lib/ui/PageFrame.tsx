/** The frame of a page over or beside the map: its title, the way between its parts, the way out. */
import type { ReactNode, Ref } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from ".";
import css from "./page-frame.module.css";

export function PageFrame({
  title,
  onClose,
  nav,
  crowded,
  className = "",
  bodyRef,
  children,
}: {
  title: string;
  onClose: () => void;
  /** A `nav` or a list of steps. */
  nav?: ReactNode;
  /** It needs a row of its own already on a tablet. */
  crowded?: boolean;
  /** Names the container, for the page's own style sheet. */
  className?: string | undefined;
  /** For moving the focus into the part that has just opened. */
  bodyRef?: Ref<HTMLDivElement>;
  children: ReactNode;
}) {
  const { t } = useTranslation("common");
  return (
    <div className={`${css.page} ${className}`}>
      <header className={css.head} data-crowded={crowded ? "" : undefined}>
        <h1>{title}</h1>
        <IconButton icon="close" label={t("close")} onClick={onClose} />
        {nav}
      </header>
      <div ref={bodyRef} className={css.body} tabIndex={bodyRef ? -1 : undefined}>
        {children}
      </div>
    </div>
  );
}
