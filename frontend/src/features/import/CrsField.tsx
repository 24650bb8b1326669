/** Choose a reference system by typing a part of its name or its EPSG number. An ARIA combobox that only takes what it lists. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CrsOption } from "@/api/imports";
import { Icon } from "@/lib/ui";
import css from "./import.module.css";
import { matchingCrs } from "./rules";
import { crsLabel, crsName, showsCode } from "./words";

export function CrsField({
  label,
  options,
  value,
  onChoose,
  help,
  error,
}: {
  label: string;
  options: readonly CrsOption[];
  value: string;
  onChoose: (code: string) => void;
  help?: string | undefined;
  error?: string | undefined;
}) {
  const { t } = useTranslation("import");
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const open = text !== null;
  const found = matchingCrs(options, text ?? "");
  const chosen = options.find(({ code }) => code === value);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the active one is found by its attribute.
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [active, open]);

  const begin = () => {
    if (open) return;
    setText("");
    setActive(
      Math.max(
        0,
        options.findIndex(({ code }) => code === value),
      ),
    );
  };
  const choose = (option: CrsOption | undefined) => {
    if (option) onChoose(option.code);
    setText(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (open) setActive((index) => Math.max(0, Math.min(found.length - 1, index + step)));
      else begin();
    } else if (event.key === "Enter" && open) choose(found[active]);
    else if (event.key === "Escape" && open) setText(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={css.crs}>
      <label htmlFor={id}>{label}</label>
      <div className={css.crsBox} data-wrong={error ? "" : undefined}>
        <input
          id={id}
          role="combobox"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && found[active] ? `${id}-${active}` : undefined}
          aria-invalid={error ? true : undefined}
          aria-describedby={error || help ? `${id}-note` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={open && chosen ? crsName(chosen) : t("columns.crsChoose")}
          value={text ?? (chosen ? crsName(chosen) : value)}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onClick={begin}
          onBlur={() => setText(null)}
          onKeyDown={onKeyDown}
        />
        <Icon name="chevronDown" size={16} />
      </div>
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: only keeps the focus in the input.
        <div className={css.crsList} onMouseDown={(event) => event.preventDefault()}>
          <div ref={list} id={`${id}-list`} role="listbox" aria-label={label} tabIndex={-1}>
            {found.map((option, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the combobox's.
              // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox (aria-activedescendant).
              <div
                key={option.code}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === active}
                onClick={() => choose(option)}
                onMouseMove={() => setActive(index)}
              >
                <span>{crsLabel(option)}</span>
                {showsCode(option) && <small>{option.code}</small>}
              </div>
            ))}
          </div>
          {!found.length && <p role="status">{t("columns.crsNone")}</p>}
        </div>
      )}
      {(error || help) && (
        <span id={`${id}-note`} className={error ? css.missing : css.note}>
          {error ?? help}
        </span>
      )}
    </div>
  );
}
