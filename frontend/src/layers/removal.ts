/** Bring a deleted customer back, say so, select it. The card, the toast of a deletion and the list of deleted ones use it. */
import i18next from "i18next";
import { restoreCustomer } from "@/api/customer-commands";
import type { CustomerRow } from "@/api/types";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { select } from "@/lib/url-state";

export async function restoreAndTell(customer: CustomerRow): Promise<boolean> {
  try {
    const card = await restoreCustomer(customer.id);
    notify({ kind: "done", text: i18next.t("moves:told.restored", { name: nameOf(card) }) });
    select({ layer: "customers", id: card.id });
    return true;
  } catch (error) {
    const requestId = errorRequestId(error);
    notify({ kind: "error", text: errorText(error, i18next.t), ...(requestId ? { requestId } : {}) });
    return false;
  }
}
