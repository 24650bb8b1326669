/** The page before the map: the mark, one task, the language. Sign-in, set-up and new passwords look the same. */
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import css from "./gate.module.css";
import { LanguageButtons } from "./LanguageButtons";

export function GatePage({ title, wide, children }: { title: string; wide?: boolean; children: ReactNode }) {
  const { t } = useTranslation("sign-in");

  useEffect(() => {
    document.title = `${title} · GridAtlas`;
    return () => {
      document.title = "GridAtlas";
    };
  }, [title]);

  return (
    <main className={css.page}>
      <div className={css.art} aria-hidden="true" />
      <section className={css.box} data-wide={wide ? "" : undefined}>
        <div className={css.brand}>
          <img src={`${import.meta.env.BASE_URL}favicon.svg`} alt="" width="40" height="40" />
          <div>
            <strong>GridAtlas</strong>
            <span>{t("product")}</span>
          </div>
        </div>
        <h1>{title}</h1>
        {children}
        <LanguageChoice />
      </section>
    </main>
  );
}

export function LanguageChoice() {
  return (
    <div className={css.languages}>
      <LanguageButtons />
    </div>
  );
}
