/** The languages of the interface, each by its own name. Whoever shows them gives the frame. */
import { useTranslation } from "react-i18next";
import { LANGUAGES, setLanguage } from "../i18n";

export function LanguageButtons() {
  const { i18n } = useTranslation();
  return LANGUAGES.map(({ code, label, tag }) => (
    <button key={code} type="button" lang={tag} aria-pressed={i18n.language === code} onClick={() => setLanguage(code)}>
      {label}
    </button>
  ));
}
