/** While the address says whose eyes (`#seeas=7`), and an administrator looks: the masked map and its banner. */
import { useMe } from "@/api/session";
import { lazyOf } from "@/lib/lazy-of";
import { useSeenAsId } from "./address";

const load = () => import("./SeenAsBanner");

export default function SeenAsHost() {
  const me = useMe();
  const id = useSeenAsId();
  if (id === null || me.role !== "administrator") return null;
  const Banner = lazyOf(load) as React.ComponentType<{ id: number }>;
  return <Banner key={id} id={id} />;
}
