/** Recovery codes, shown this one time: to copy, to keep as a file, to print. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { Button, Message } from "@/lib/ui";
import { CopyButton } from "./CopyButton";
import css from "./my-account.module.css";
import { useShownOnce } from "./shown-once";

export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation("my-account");
  const { username } = useMe();
  useShownOnce();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const text = [t("codes.fileTitle", { username, host: location.host }), "", ...codes, ""].join("\n");

  return (
    <div className={css.form} data-print="">
      <h4 ref={heading} tabIndex={-1}>
        {t("codes.title")}
      </h4>
      <Message tone="warning">{t("codes.text")}</Message>
      <p className={css.onPaper}>{t("codes.fileTitle", { username, host: location.host })}</p>
      <ol className={css.codes}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className={css.actions}>
        <CopyButton text={text} />
        <Button icon="download" onClick={() => saveAs(`gridatlas-recovery-codes-${username}.txt`, text)}>
          {t("codes.download")}
        </Button>
        <Button icon="print" onClick={() => window.print()}>
          {t("codes.print")}
        </Button>
      </div>
      <div className={css.actions}>
        <Button kind="primary" icon="check" onClick={onDone}>
          {t("codes.done")}
        </Button>
      </div>
    </div>
  );
}

function saveAs(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
