/** What the file is and which column is what: suggested by the server, shown with samples, to be put right here. */
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, type Detected, type FileColumn, imports } from "@/api/imports";
import { useMe } from "@/api/session";
import { dropDraft, keepDraft, readDraft } from "@/lib/drafts";
import { Button, Message } from "@/lib/ui";
import { useDeed } from "@/lib/ui/asking";
import { RadioChoice, SelectField } from "@/lib/ui/fields";
import { Refusal } from "@/lib/ui/refusal";
import { goTo } from "./address";
import { CrsField } from "./CrsField";
import css from "./import.module.css";
import { FileLine, Unused } from "./parts";
import { ABOUT_AXES, ABOUT_CRS, changeOf, unusedColumns, type Wishes, withColumn } from "./rules";
import { crsFrom, targetName, toldText } from "./words";

const ENCODINGS = ["UTF-8", "GB18030", "UTF-16", "windows-1252"];
/** The others say themselves how they are written. */
const ENCODED = ["CSV", "SHP"];

export function ColumnsStep({ imported, detected }: { imported: CustomerImport; detected: Detected }) {
  const { t } = useTranslation(["import", "common"]);
  const { id, choices, questions, targets, state, can, problem } = imported;
  const { zone } = useMe().utility;
  const draft = `import.${id}`;
  const [wishes, setWishes] = useState<Wishes>(() => readDraft<Wishes>(draft)?.value ?? { mapping: {} });
  const [unanswered, setUnanswered] = useState(false);
  const { busy, error, run } = useDeed();
  const isChecked = state === "checked" || state === "nothing";
  const change = changeOf(imported, wishes);
  const mapping = { ...choices.mapping, ...wishes.mapping };
  const crs = wishes.crs ?? choices.crs ?? "";
  const asked = (codes: readonly string[]) => questions.find(({ code }) => codes.includes(code));
  const aboutCrs = asked(ABOUT_CRS);
  const swapAsked = asked([ABOUT_AXES]) !== undefined;

  const wish = (next: Partial<Wishes>) => {
    const merged = { ...wishes, ...next };
    setWishes(merged);
    setUnanswered(false);
    keepDraft(draft, merged);
  };

  // The file reads differently: what was chosen for its columns does not fit any more.
  const readAs = (how: { encoding: string } | { layer: string }) =>
    run(async () => {
      await imports.change(id, how);
      dropDraft(draft);
    });

  const check = async (event: FormEvent) => {
    event.preventDefault();
    if (!change) {
      if (isChecked) goTo(id);
      else setUnanswered(true);
      return;
    }
    const done = await run(() => imports.change(id, change));
    if (!done) return;
    dropDraft(draft);
    goTo(id);
  };

  const encoding = choices.encoding || detected.encoding;
  return (
    <form className={css.form} onSubmit={(event) => void check(event)}>
      <div className={css.step}>
        <FileLine imported={imported} />
        {problem && (
          <Message tone="critical">
            <p>{toldText("problem", problem)}</p>
          </Message>
        )}
        {questions.length > 0 && (
          <section className={css.questions} aria-label={t("columns.questions")}>
            {questions.map((question) => (
              <Message key={question.code} tone="warning">
                <p>{toldText("question", question)}</p>
                {question.code === ABOUT_AXES && (
                  <RadioChoice
                    label={t("columns.swapAsk")}
                    choices={[
                      { value: "yes", label: t("columns.swapYes") },
                      { value: "no", label: t("columns.swapNo") },
                    ]}
                    value={wishes.swap_axes === undefined ? "" : wishes.swap_axes ? "yes" : "no"}
                    onChoose={(answer) => wish({ swap_axes: answer === "yes" })}
                  />
                )}
              </Message>
            ))}
          </section>
        )}
        <section className={css.reading} aria-label={t("columns.reading")}>
          {encoding && ENCODED.includes(detected.format) && (
            <SelectField
              label={t("columns.encoding")}
              value={encoding}
              disabled={busy}
              choices={[...new Set([...ENCODINGS, encoding])].map((value) => ({
                value,
                label: t(`encoding.${value}`, { defaultValue: value }),
              }))}
              onChoose={(value) => void readAs({ encoding: value })}
            />
          )}
          {detected.layers.length > 1 && (
            <SelectField
              label={t("columns.layer")}
              value={choices.layer || detected.layer || ""}
              disabled={busy}
              choices={detected.layers.map((layer) => ({ value: layer, label: layer }))}
              onChoose={(layer) => void readAs({ layer })}
            />
          )}
          <CrsField
            label={t("columns.crs")}
            options={imported.crs_options}
            value={crs}
            onChoose={(code) => wish({ crs: code })}
            help={wishes.crs === undefined ? crsFrom(choices, zone) || undefined : undefined}
            error={aboutCrs && !wishes.crs ? t("columns.crsAsk") : undefined}
          />
          {!swapAsked && (
            <label className={css.tick}>
              <input
                type="checkbox"
                checked={wishes.swap_axes ?? choices.swap_axes ?? false}
                onChange={(event) => wish({ swap_axes: event.target.checked })}
              />
              <span>{t("columns.swapped")}</span>
            </label>
          )}
        </section>
        <section aria-labelledby="import-columns">
          <h2 id="import-columns">{t("columns.title")}</h2>
          <p className={css.note}>{t("columns.help")}</p>
          <div className={css.targets}>
            {targets.map(({ name, required }) => (
              <Target
                key={name}
                name={name}
                required={required}
                columns={detected.columns}
                column={mapping[name] ?? ""}
                onChoose={(column) => wish({ mapping: withColumn(mapping, name, column) })}
              />
            ))}
          </div>
          <Unused names={unusedColumns(detected.columns, mapping)} />
        </section>
      </div>
      <footer className={css.foot}>
        {unanswered && <Message tone="warning">{t("columns.unanswered")}</Message>}
        <Refusal error={error} />
        <div className={css.deeds}>
          <Button type="submit" kind="primary" disabled={busy}>
            {t(change || !isChecked ? "columns.check" : "columns.back")}
          </Button>
          {can.includes("cancel") && (
            <Button
              disabled={busy}
              onClick={() => void run(() => imports.cancel(id)).then((done) => done && goTo(null))}
            >
              {t("giveUp")}
            </Button>
          )}
        </div>
      </footer>
    </form>
  );
}

function Target({
  name,
  required,
  columns,
  column,
  onChoose,
}: {
  name: string;
  required: boolean;
  columns: readonly FileColumn[];
  column: string;
  onChoose: (column: string) => void;
}) {
  const { t } = useTranslation("import");
  const id = useId();
  const samples = columns.find((candidate) => candidate.name === column)?.samples.filter(Boolean) ?? [];
  const missing = required && !column;
  return (
    <div className={css.target} data-empty={column ? undefined : ""}>
      <label htmlFor={id}>
        {targetName(name)}
        {required && <em>{t("columns.required")}</em>}
      </label>
      <select
        id={id}
        value={column}
        aria-invalid={missing ? true : undefined}
        aria-describedby={samples.length || missing ? `${id}-samples` : undefined}
        onChange={(event) => onChoose(event.target.value)}
      >
        <option value="">{t("columns.none")}</option>
        {columns.map((candidate) => (
          <option key={candidate.name} value={candidate.name}>
            {candidate.name}
          </option>
        ))}
      </select>
      <p id={`${id}-samples`} className={missing ? css.missing : css.samples}>
        {missing ? t("columns.missing") : samples.join(t("columns.between"))}
      </p>
    </div>
  );
}
