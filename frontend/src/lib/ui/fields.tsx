/** More fields of forms: choices and longer texts, each with its label, help and error. */
import { type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";
import extra from "./fields.module.css";
import css from "./ui.module.css";

export interface Choice<T extends string> {
  value: T;
  label: string;
}

type FieldError = string | readonly string[] | undefined;

function sentence(error: FieldError): string | undefined {
  return typeof error === "string" ? error : error?.join(" ");
}

function Note({ id, error, help }: { id: string; error: string | undefined; help: ReactNode }) {
  if (!error && !help) return null;
  return (
    <span id={id} className={error ? css.fieldError : css.fieldHelp}>
      {error ?? help}
    </span>
  );
}

export function SelectField<T extends string>({
  label,
  choices,
  value,
  onChoose,
  help,
  error,
  ...rest
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, "value" | "onChange"> & {
  label: string;
  choices: readonly Choice<T>[];
  value: T;
  onChoose: (value: T) => void;
  help?: ReactNode;
  error?: FieldError;
}) {
  const id = useId();
  const text = sentence(error);
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className={`${css.input} ${extra.select}`}
        value={value}
        aria-invalid={text ? true : undefined}
        aria-describedby={text || help ? `${id}-note` : undefined}
        onChange={(event) => onChoose(event.target.value as T)}
        {...rest}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      <Note id={`${id}-note`} error={text} help={help} />
    </div>
  );
}

export function TextAreaField({
  label,
  help,
  error,
  ...rest
}: TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string; help?: ReactNode; error?: FieldError }) {
  const id = useId();
  const text = sentence(error);
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={2}
        className={`${css.input} ${extra.area}`}
        aria-invalid={text ? true : undefined}
        aria-describedby={text || help ? `${id}-note` : undefined}
        {...rest}
      />
      <Note id={`${id}-note`} error={text} help={help} />
    </div>
  );
}

/** Several of a few: buttons that stay pressed. */
export function ChipChoice<T extends string>({
  label,
  choices,
  chosen,
  onToggle,
  error,
}: {
  label: string;
  choices: readonly Choice<T>[];
  chosen: readonly T[];
  onToggle: (value: T) => void;
  error?: FieldError;
}) {
  const text = sentence(error);
  return (
    <fieldset className={extra.group}>
      <legend>{label}</legend>
      <div className={extra.chips}>
        {choices.map(({ value, label: name }) => (
          <button key={value} type="button" aria-pressed={chosen.includes(value)} onClick={() => onToggle(value)}>
            {name}
          </button>
        ))}
      </div>
      {text && <span className={css.fieldError}>{text}</span>}
    </fieldset>
  );
}

/** One of a few. */
export function RadioChoice<T extends string>({
  label,
  choices,
  value,
  onChoose,
}: {
  label: string;
  choices: readonly (Choice<T> & { icon?: ReactNode })[];
  value: T;
  onChoose: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={extra.group}>
      <legend>{label}</legend>
      <div className={extra.radios}>
        {choices.map((choice) => (
          <label key={choice.value} data-chosen={choice.value === value ? "" : undefined}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChoose(choice.value)}
            />
            {choice.icon}
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
