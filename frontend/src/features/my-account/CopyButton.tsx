/** Copies a text and says that it did, where the person looks. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/copy";
import { Button } from "@/lib/ui";

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation("common");
  const [copied, setCopied] = useState(false);
  const copy = async () => setCopied(await copyText(text));
  return (
    <Button icon={copied ? "check" : "copy"} onClick={copy} aria-live="polite">
      {copied ? t("copied") : (label ?? t("copy"))}
    </Button>
  );
}
