/** The dialog "My account": its part stands in the address, so that Back and a reload keep it. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { lazyOf } from "@/lib/lazy-of";
import { Dialog, Icon, type IconName } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { urlState, useUrl } from "@/lib/url-state";
import css from "./my-account.module.css";
import { HoldDialog } from "./shown-once";

const PARTS = [
  { id: "sessions", icon: "system", load: () => import("./Sessions") },
  { id: "security", icon: "shield", load: () => import("./Security") },
  { id: "tokens", icon: "key", load: () => import("./Tokens") },
] as const satisfies readonly { id: string; icon: IconName; load: unknown }[];

const close = () => urlState.set({ account: null });

export default function MyAccount() {
  const { t } = useTranslation("my-account");
  const { account } = useUrl();
  const [held, setHeld] = useState(false);
  const shown = useRef<(typeof PARTS)[number]>(undefined);
  if (!held) shown.current = PARTS.find(({ id }) => id === account);
  const part = shown.current;
  useEffect(() => {
    if (held && part && part.id !== account) urlState.set({ account: part.id });
  }, [held, part, account]);

  return (
    <HoldDialog value={setHeld}>
      <Dialog title={t("title")} open={!!part} onClose={close} wide held={held}>
        {part && <Parts current={part} held={held} />}
      </Dialog>
    </HoldDialog>
  );
}

function Parts({ current, held }: { current: (typeof PARTS)[number]; held: boolean }) {
  const { t } = useTranslation("my-account");
  const Body = lazyOf(current.load);
  return (
    <>
      <div className={css.tabs} role="tablist" aria-label={t("title")}>
        {PARTS.map(({ id, icon }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`account-tab-${id}`}
            aria-selected={id === current.id}
            aria-controls="account-part"
            tabIndex={id === current.id ? 0 : -1}
            data-first={id === current.id ? "" : undefined}
            disabled={held && id !== current.id}
            onClick={() => urlState.set({ account: id }, { replace: true })}
            onKeyDown={step}
          >
            <Icon name={icon} size={16} />
            {t(`parts.${id}`)}
          </button>
        ))}
      </div>
      <div id="account-part" className={css.part} role="tabpanel" aria-labelledby={`account-tab-${current.id}`}>
        <Boundary key={current.id}>
          <Body />
        </Boundary>
      </div>
    </>
  );
}

function step(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!direction) return;
  const tabs = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLButtonElement>("[role=tab]") ?? [])];
  const next = tabs[(tabs.indexOf(event.currentTarget) + direction + tabs.length) % tabs.length];
  next?.focus();
  next?.click();
}
