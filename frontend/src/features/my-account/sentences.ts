/** The server's word on a field, as one text. */
import type { TFunction } from "i18next";

export function sentences(said: readonly string[] | undefined, t: TFunction): string | undefined {
  if (!said?.length) return undefined;
  return said.join(" ") || t("my-account:password.refused");
}
