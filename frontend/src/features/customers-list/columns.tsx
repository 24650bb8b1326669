/** Columns of the ledger: what stands in each, and by what the server can sort it. */
import { createColumnHelper, tableFeatures } from "@tanstack/react-table";
import type { TFunction } from "i18next";
import type { Ordering } from "@/api/customer-pages";
import type { CustomerRow } from "@/api/types";
import { formatQuantity } from "@/lib/format";
import { nameOf } from "@/lib/names";
import { Chip, Icon } from "@/lib/ui";
import { Age } from "@/lib/ui/Time";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./customers-list.module.css";

export const features = tableFeatures({});

export type ColumnId = "grade" | "name" | "account" | "classes" | "status" | "address" | "contract" | "updated";

/** The first press, and the second one if the server can turn it round. */
export const SORTS: Readonly<Partial<Record<ColumnId, readonly [Ordering, Ordering?]>>> = {
  grade: ["grade"],
  name: ["name", "-name"],
  account: ["account_no"],
  contract: ["-contract_kva"],
  updated: ["-updated_at"],
};

const STATUS_TONE = { normal: "normal", commissioning: "info", changing: "warning", closed: "neutral" } as const;

const helper = createColumnHelper<typeof features, CustomerRow>();

export function ledgerColumns(t: TFunction<["customers-list", "domain"]>, zone: string) {
  return helper.columns([
    helper.display({
      id: "grade",
      header: () => t("domain:field.grade"),
      cell: ({ row: { original: row } }) => (
        <>
          <CustomerSymbol grade={row.grade} status={row.status} classes={row.classes} size={28} />
          <span>{t(`domain:gradeShort.${row.grade}`)}</span>
        </>
      ),
    }),
    helper.display({
      id: "name",
      header: () => t("domain:field.name"),
      cell: ({ row: { original: row } }) => (
        <>
          <b>{nameOf(row)}</b>
          {row.lon === null && (
            <span className={css.unlocated}>
              <Icon name="pin" size={13} />
              {t("noLocation")}
            </span>
          )}
        </>
      ),
    }),
    helper.display({
      id: "account",
      header: () => t("domain:field.accountNo"),
      cell: ({ row: { original: row } }) => row.account_no,
    }),
    helper.display({
      id: "classes",
      header: () => t("domain:field.class"),
      cell: ({ row: { original: row } }) => row.classes.map((word) => t(`classShort.${word}`)).join(t("comma")),
    }),
    helper.display({
      id: "status",
      header: () => t("domain:field.status"),
      cell: ({ row: { original: row } }) => (
        <Chip tone={STATUS_TONE[row.status]}>{t(`domain:status.${row.status}`)}</Chip>
      ),
    }),
    helper.display({
      id: "address",
      header: () => t("domain:field.address"),
      cell: ({ row: { original: row } }) => row.address || <Missing>{t("noAddress")}</Missing>,
    }),
    helper.display({
      id: "contract",
      header: () => t("domain:field.contractKva"),
      cell: ({ row: { original: row } }) =>
        formatQuantity(row.contract_kva, "kVA") ?? <Missing>{t("notKnown")}</Missing>,
    }),
    helper.display({
      id: "updated",
      header: () => t("domain:field.updated"),
      cell: ({ row: { original: row } }) => <Age at={row.updated_at} zone={zone} />,
    }),
  ]);
}

function Missing({ children }: { children: string }) {
  return <span className={css.missing}>{children}</span>;
}
