/** Where a right holds: nowhere, everywhere, or in these areas. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAdminAreas } from "@/api/administration";
import { nameOf } from "@/lib/names";
import { Button, Dialog } from "@/lib/ui";
import { ChipChoice, RadioChoice } from "@/lib/ui/fields";
import { Unread } from "@/lib/ui/refusal";
import css from "./administration.module.css";
import type { Where } from "./grants";

const KINDS = ["nowhere", "everywhere", "areas"] as const;

export function WhereDialog({
  title,
  where,
  onChoose,
  onClose,
}: {
  title: string;
  where: Where;
  onChoose: (where: Where) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation(["administration", "common"]);
  const areas = useAdminAreas();
  const [kind, setKind] = useState<(typeof KINDS)[number]>(typeof where === "string" ? where : "areas");
  const [codes, setCodes] = useState<readonly string[]>(typeof where === "string" ? [] : where);
  const [error, setError] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (kind !== "areas") onChoose(kind);
    else if (codes.length) onChoose([...codes].sort());
    else setError(t("roles.areaMissing"));
  };

  return (
    <Dialog title={title} open onClose={onClose}>
      <form className={css.form} onSubmit={submit}>
        <RadioChoice
          label={t("roles.where")}
          choices={KINDS.map((one) => ({ value: one, label: t(`where.${one}`) }))}
          value={kind}
          onChoose={setKind}
        />
        {kind === "areas" && (
          <>
            <Unread reading={areas} />
            <ChipChoice
              label={t("roles.areas")}
              choices={(areas.data ?? []).map(({ properties }) => ({
                value: properties.code,
                label: nameOf(properties),
              }))}
              chosen={codes}
              error={error || undefined}
              onToggle={(code) => {
                setError("");
                setCodes(codes.includes(code) ? codes.filter((one) => one !== code) : [...codes, code]);
              }}
            />
          </>
        )}
        <div className={css.answers}>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" kind="primary">
            {t("roles.take")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
