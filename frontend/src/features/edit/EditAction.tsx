/** The card's button: open the ledger of this customer to edit it. */
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import { useMay } from "@/api/session";
import { Button } from "@/lib/ui";
import { urlState } from "@/lib/url-state";

export default function EditAction({ id }: { id: number }) {
  const { t } = useTranslation("edit");
  const may = useMay("edit");
  const card = useCustomer(id).data;
  if (!may || !card || card.deleted_at) return null;
  return (
    <Button icon="edit" onClick={() => urlState.set({ panel: "edit" })}>
      {t("ledger.open")}
    </Button>
  );
}
