/** Field by field: mine or theirs. What only the other person changed stays theirs. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { valueWords } from "@/lib/ledger-words";
import { Button } from "@/lib/ui";
import { RadioChoice } from "@/lib/ui/fields";
import css from "./edit.module.css";
import { type LedgerField, type LedgerForm, type Merge, pick } from "./merge-edits";

export function LedgerCompare({
  base,
  mine,
  theirs,
  merge,
  onChoose,
  onBack,
}: {
  base: LedgerForm;
  mine: LedgerForm;
  theirs: LedgerForm;
  merge: Merge;
  onChoose: (chosen: LedgerForm) => void;
  onBack: () => void;
}) {
  const { t } = useTranslation(["edit", "domain"]);
  const [keepTheirs, setKeepTheirs] = useState<readonly LedgerField[]>([]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  const words = (field: LedgerField, value: LedgerForm[LedgerField]): string => {
    if (Array.isArray(value)) return valueWords(field, value) ?? t("ledgerConflict.empty");
    if (field === "grade") return t(`domain:grade.${value}`);
    if (field === "status") return t(`domain:status.${value}`);
    return value || t("ledgerConflict.empty");
  };

  return (
    <section className={css.ledger} aria-labelledby="ledger-compare">
      <h3 id="ledger-compare" ref={heading} tabIndex={-1}>
        {t("ledgerConflict.title")}
      </h3>
      <p>{t(merge.conflicts.length ? "ledgerConflict.text" : "ledgerConflict.nothingToChoose")}</p>
      {merge.conflicts.map((field) => (
        <div key={field} className={css.choice}>
          <RadioChoice
            label={t(fieldLabel(field))}
            choices={[
              { value: "mine", label: t("ledgerConflict.mine", { value: words(field, mine[field]) }) },
              { value: "theirs", label: t("ledgerConflict.theirs", { value: words(field, theirs[field]) }) },
            ]}
            value={keepTheirs.includes(field) ? "theirs" : "mine"}
            onChoose={(choice) =>
              setKeepTheirs((current) => [
                ...current.filter((one) => one !== field),
                ...(choice === "theirs" ? [field] : []),
              ])
            }
          />
          <small>{t("ledgerConflict.before", { value: words(field, base[field]) })}</small>
        </div>
      ))}
      {merge.theirsOnly.length > 0 && (
        <div className={css.choice}>
          <p>{t("ledgerConflict.onlyTheirs")}</p>
          <ul>
            {merge.theirsOnly.map((field) => (
              <li key={field}>
                {t(fieldLabel(field))}: <strong>{words(field, theirs[field])}</strong>
              </li>
            ))}
          </ul>
        </div>
      )}
      <footer className={css.stickyFoot}>
        <Button
          kind="primary"
          icon="check"
          onClick={() => onChoose({ ...merge.merged, ...pick(theirs, keepTheirs) } as LedgerForm)}
        >
          {t("ledgerConflict.save")}
        </Button>
        <Button onClick={onBack}>{t("ledgerConflict.back")}</Button>
      </footer>
    </section>
  );
}

export function fieldLabel(field: LedgerField): string {
  const labels: Readonly<Record<LedgerField, string>> = {
    name: "domain:field.name",
    name_en: "domain:field.nameEn",
    name_zh: "domain:field.nameZh",
    enterprise: "domain:field.enterprise",
    grade: "domain:field.grade",
    classes: "domain:field.class",
    status: "domain:field.status",
    address: "domain:field.address",
    contract_kva: "domain:field.contractKva",
    running_kva: "domain:field.runningKva",
    voltage: "domain:field.voltage",
    contacts: "domain:field.contacts",
  };
  return labels[field];
}
