/** What a row does, as the map draws it: told by shape first, by colour second. */
import type { RowFilter } from "@/api/imports";
import css from "./import.module.css";

export type SymbolKind = RowFilter | "far";

export function DiffSymbol({ kind }: { kind: SymbolKind }) {
  return (
    <svg className={css.symbol} data-kind={kind} viewBox="0 0 24 18" width="24" height="18" aria-hidden="true">
      <Shape kind={kind} />
    </svg>
  );
}

function Shape({ kind }: { kind: SymbolKind }) {
  switch (kind) {
    case "new":
      return (
        <>
          <circle cx="12" cy="9" r="7" data-full="" />
          <path d="M12 5.500v7M8.500 9h7" data-sign="" />
        </>
      );
    case "moved":
    case "far":
      return (
        <>
          <path d="M5.500 9h10" strokeDasharray={kind === "far" ? "3 2" : undefined} />
          <circle cx="4" cy="9" r="2.200" />
          <circle cx="18" cy="9" r="5" data-full="" />
          {kind === "far" && <path d="M18 6.200v3.400M18 11.600v.1" data-sign="" />}
        </>
      );
    case "changed":
      return <path d="m6 13.500.8-3.200L14.500 2.800l2.500 2.500-7.700 7.500L6 13.500ZM12.800 4.400l2.500 2.500" />;
    case "unchanged":
      return <path d="M7 7h10M7 11.500h10" />;
    default:
      return <path d="m12 1.500 8.500 14.500h-17L12 1.500ZM12 6.500v4.500M12 13.300v.2" />;
  }
}
