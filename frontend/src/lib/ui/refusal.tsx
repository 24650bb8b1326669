/** Why something was refused or could not be read, in the words of the screen it happens on. */
import { createContext, type ReactNode, useContext } from "react";
import { useTranslation } from "react-i18next";
import { Button, Loading, Message, type Tone } from ".";
import { errorRequestId, errorText } from "./errors";

/** A screen with words of its own for what its server refuses gives them here; everybody else has those of `errors.json`. */
export const RefusalWords = createContext<((error: unknown) => string) | null>(null);

function useRefusalWords(): (error: unknown) => string {
  const { t } = useTranslation("errors");
  return useContext(RefusalWords) ?? ((error) => errorText(error, t));
}

export function Refusal({ error }: { error: unknown }) {
  const words = useRefusalWords();
  if (!error) return null;
  return (
    <Message tone="critical" requestId={errorRequestId(error)}>
      {words(error)}
    </Message>
  );
}

/** Could not be read: why, and another try. `words` where the screen knows better what it was. */
export function TryAgain({
  error,
  again,
  tone = "critical",
  words,
}: {
  error: unknown;
  again: () => unknown;
  tone?: Tone;
  words?: ReactNode;
}) {
  const { t } = useTranslation("common");
  const own = useRefusalWords();
  return (
    <Message tone={tone} requestId={errorRequestId(error)}>
      <p>{words ?? own(error)}</p>
      <Button onClick={() => void again()}>{t("tryAgain")}</Button>
    </Message>
  );
}

interface Reading {
  isPending: boolean;
  isError: boolean;
  error: unknown;
  refetch: () => unknown;
}

/** Waiting, or why it could not be read and another try; nothing when it is there. */
export function Unread({ reading }: { reading: Reading }) {
  if (reading.isPending) return <Loading />;
  return reading.isError ? <TryAgain error={reading.error} again={reading.refetch} /> : null;
}
