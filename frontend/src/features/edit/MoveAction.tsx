/** The card's button: start moving this customer, or place it when it has no location. */
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import { useMay } from "@/api/session";
import { useStore } from "@/lib/store";
import { Button } from "@/lib/ui";
import { askToMove } from "@/map/moving";
import { moveSession } from "./move-store";

export default function MoveAction({ id }: { id: number }) {
  const { t } = useTranslation("edit");
  const may = useMay("move");
  const card = useCustomer(id).data;
  const under = useStore(moveSession)?.customer.id === id;
  if (!may || !card || card.deleted_at) return null;
  return (
    <Button icon="move" disabled={under} onClick={() => askToMove(card)}>
      {t(card.lon === null ? "place" : "move")}
    </Button>
  );
}
