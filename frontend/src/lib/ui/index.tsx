/** The few parts every screen uses. Small on purpose: bigger ones (tables, date pickers) come from Mantine in lazy parts. */
import {
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type SyntheticEvent,
  useCallback,
  useEffect,
  useId,
  useRef,
} from "react";
import { useTranslation } from "react-i18next";
import { useEscape } from "../shortcuts";
import { Icon, type IconName } from "./icons";
import css from "./ui.module.css";

export { Icon, type IconName } from "./icons";

type Look = "default" | "primary" | "danger" | "quiet";

function look(kind: Look, extra = ""): string {
  return [css.button, kind === "default" ? "" : css[kind], extra].filter(Boolean).join(" ");
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Look;
  icon?: IconName;
}

export function Button({ kind = "default", icon, children, className, ...rest }: ButtonProps) {
  return (
    <button type="button" className={look(kind, className)} {...rest}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

/** A button with an icon only: the label is its name for screen readers and its tooltip. */
export function IconButton({
  icon,
  label,
  kind = "quiet",
  className,
  size = 18,
  ...rest
}: Omit<ButtonProps, "icon"> & { icon: IconName; label: string; size?: number }) {
  return (
    <button
      type="button"
      className={look(kind, `${css.icon} ${className ?? ""}`)}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon name={icon} size={size} />
    </button>
  );
}

export function LinkButton({
  href,
  icon,
  children,
  kind = "default",
  ...rest
}: {
  href: string;
  icon?: IconName;
  kind?: Look;
  children: ReactNode;
  target?: string;
  rel?: string;
}) {
  return (
    <a href={href} className={look(kind)} {...rest}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </a>
  );
}

export type Tone = "neutral" | "normal" | "info" | "warning" | "critical" | "accent";

export function Chip({ tone = "neutral", children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={css.chip} data-tone={tone} title={title}>
      {children}
    </span>
  );
}

/** Modal dialog: the browser's own, so focus is kept inside and Esc closes it; `held`: only what is in it closes it. */
export function Dialog({
  title,
  open,
  onClose,
  wide,
  held,
  children,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  wide?: boolean;
  held?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation("common");
  const ref = useRef<HTMLDialogElement>(null);
  const headingId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) {
      dialog.showModal();
      // The browser would focus the close button; what the dialog is about comes first.
      dialog.querySelector<HTMLElement>("[data-first]")?.focus();
    }
    if (!open && dialog?.open) dialog.close();
  }, [open]);

  return (
    <dialog
      ref={ref}
      className={`${css.dialog} ${wide ? css.wide : ""}`}
      aria-labelledby={headingId}
      onClose={onClose}
      {...(held && { closedby: "none", onCancel: (event: SyntheticEvent) => event.preventDefault() })}
    >
      {open && (
        <>
          <header className={css.dialogHead}>
            <h2 id={headingId}>{title}</h2>
            {!held && <IconButton icon="close" label={t("close")} onClick={onClose} />}
          </header>
          <div className={css.dialogBody}>{children}</div>
        </>
      )}
    </dialog>
  );
}

/** A labelled input with its help and its error; the error belongs to the field. */
export function TextField({
  label,
  help,
  error,
  className = "",
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  label: string;
  help?: string;
  error?: string | readonly string[] | undefined;
}) {
  const id = useId();
  const text = Array.isArray(error) ? error.join(" ") : (error as string | undefined);
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={`${css.input} ${className}`}
        aria-invalid={text ? true : undefined}
        aria-describedby={text || help ? `${id}-note` : undefined}
        {...rest}
      />
      {(text || help) && (
        <span id={`${id}-note`} className={text ? css.fieldError : css.fieldHelp}>
          {text ?? help}
        </span>
      )}
    </div>
  );
}

export function Message({
  tone = "neutral",
  children,
  requestId,
}: {
  tone?: Tone;
  children: ReactNode;
  requestId?: string | undefined;
}) {
  const { t } = useTranslation("common");
  return (
    <div className={css.message} data-tone={tone} role={tone === "critical" ? "alert" : "status"}>
      <Icon name={tone === "neutral" ? "info" : "warning"} size={16} />
      <div>
        {children}
        {requestId && <small>{t("requestId", { id: requestId })}</small>}
      </div>
    </div>
  );
}

/** What would be here and how to get it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Loading() {
  const { t } = useTranslation("common");
  return (
    <div className={css.loading} role="status">
      <span className={css.spinner} />
      <span className="visually-hidden">{t("loading")}</span>
    </div>
  );
}

/** A small pop-up under its button. Closes by Esc, by a click elsewhere, by leaving with Tab. */
export function Popover({
  open,
  onClose,
  trigger,
  label,
  children,
}: {
  open: boolean;
  onClose: () => void;
  trigger: ReactNode;
  label: string;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const close = useCallback(() => {
    ref.current?.querySelector("button")?.focus();
    onClose();
  }, [onClose]);
  useEscape(close, open);

  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!ref.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [open, onClose]);

  return (
    <div ref={ref} className={css.menuAnchor}>
      {trigger}
      {open && (
        <section className={css.menu} aria-label={label}>
          {children}
        </section>
      )}
    </div>
  );
}
