/** The table layer x action of one group. Nothing is stored until the changes, told in words below, are saved. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type AdminRole,
  administration,
  changedRightsOf,
  type LayerAction,
  type LayerGrants,
} from "@/api/administration";
import { useLayers } from "@/api/map-info";
import type { Action } from "@/api/types";
import { useStore } from "@/lib/store";
import { Button, IconButton, Message } from "@/lib/ui";
import { Refusal } from "@/lib/ui/refusal";
import { act } from "./act";
import { goTo } from "./address";
import css from "./administration.module.css";
import {
  ACTIONS,
  actionsOf,
  changesBetween,
  EVERY_LAYER,
  IMAGERY,
  setsToSave,
  type Where,
  whereOf,
  withChanges,
  withWhere,
} from "./grants";
import { useGroupWords } from "./person-words";
import { WhereDialog } from "./WhereDialog";
import { forgetWish, wish, wishes } from "./wishes";
import { useWords } from "./words";

interface Cell {
  layer: string;
  action: Action;
}

export function GrantMatrix({ role, isNew }: { role: AdminRole; isNew: boolean }) {
  const { t } = useTranslation(["administration", "common"]);
  const groupWords = useGroupWords();
  const words = useWords();
  const layers = useLayers().data ?? [];
  const wished = useStore(wishes)[role.group];
  const [cell, setCell] = useState<Cell | null>(null);
  const grants = withChanges(role.grants, wished ?? []);
  const rows = [
    ...new Set([EVERY_LAYER, ...layers.map(({ id }) => id).reverse(), IMAGERY, ...grants.map(({ layer }) => layer)]),
  ];
  const name = groupWords(role.group);

  return (
    <>
      <header className={css.matrixHead}>
        <IconButton className={css.back} icon="chevronLeft" label={t("roles.back")} onClick={() => goTo("roles")} />
        <h2>{name}</h2>
        {isNew ? (
          <p>{t("roles.isNew")}</p>
        ) : (
          <button type="button" className={css.link} onClick={() => goTo("people", role.group)}>
            {t("roles.people", { count: role.people })}
          </button>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keys where the table is wider than the screen. */}
      <section className={css.scroll} tabIndex={0} aria-label={t("roles.matrix", { group: name })}>
        <table className={css.matrix} aria-label={t("roles.matrix", { group: name })}>
          <thead>
            <tr>
              <th scope="col">{t("roles.layer")}</th>
              {ACTIONS.map((action) => (
                <th key={action} scope="col">
                  {t(`action.${action}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((layer) => (
              <tr key={layer}>
                <th scope="row">{words.layer(layer)}</th>
                {ACTIONS.map((action) => (
                  <td key={action}>
                    {actionsOf(layer).includes(action) && (
                      <CellButton role={role} grants={grants} layer={layer} action={action} onOpen={setCell} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className={css.note}>{t("roles.union")}</p>
      <Changes role={role} grants={grants} isNew={isNew} />
      {cell && (
        <WhereDialog
          title={t("roles.whereTitle", {
            group: name,
            action: t(`action.${cell.action}`),
            layer: words.layer(cell.layer),
          })}
          where={whereOf(grants, cell.layer, cell.action)}
          onClose={() => setCell(null)}
          onChoose={(where) => {
            const changes = changesBetween(role.grants, withWhere(grants, cell.layer, cell.action, where));
            if (changes.length || isNew) wish(role.group, changes);
            else forgetWish(role.group);
            setCell(null);
          }}
        />
      )}
    </>
  );
}

function CellButton({
  role,
  grants,
  layer,
  action,
  onOpen,
}: Cell & { role: AdminRole; grants: readonly LayerAction[]; onOpen: (cell: Cell) => void }) {
  const { t } = useTranslation("administration");
  const words = useWords();
  const where = whereOf(grants, layer, action);
  const every = layer === EVERY_LAYER ? "nowhere" : whereOf(grants, EVERY_LAYER, action);
  const changed = !same(where, whereOf(role.grants, layer, action));
  const state = typeof where !== "string" ? "areas" : where === "nowhere" && every !== "nowhere" ? "through" : where;
  const text = state === "through" ? words.where(every) : words.where(where);
  return (
    <button
      type="button"
      className={css.cell}
      data-where={state}
      data-changed={changed ? "" : undefined}
      title={state === "through" ? t("roles.through", { where: text }) : text}
      onClick={() => onOpen({ layer, action })}
    >
      <span>
        {typeof where !== "string" && where.length > 2 ? t("roles.areaCount", { count: where.length }) : text}
      </span>
      {state === "through" && <span className="visually-hidden">{t("roles.throughEvery")}</span>}
      {changed && <span className="visually-hidden">{t("roles.changed")}</span>}
    </button>
  );
}

function same(a: Where, b: Where): boolean {
  return String(a) === String(b);
}

/** What will change, and the two ways on. */
function Changes({ role, grants, isNew }: { role: AdminRole; grants: readonly LayerAction[]; isNew: boolean }) {
  const { t } = useTranslation(["administration", "common"]);
  const right = useRightWords();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const changes = changesBetween(role.grants, grants);
  const theirs = changedRightsOf(error);
  if (!changes.length && !isNew) return null;

  const save = async () => {
    setBusy(true);
    const refused = await act(() => saveAll(role.group, role.grants, grants), t("roles.saved", { group: role.group }), {
      quiet: true,
      undo: () => saveAll(role.group, grants, role.grants),
    });
    setBusy(false);
    setError(refused);
    if (!refused) forgetWish(role.group);
  };

  return (
    <section className={css.changes} aria-label={t("roles.changes")}>
      <h3>{t("roles.changes")}</h3>
      <ul>
        {changes.map((change) => (
          <li key={`${change.layer} ${change.action} ${change.area}`} data-what={change.what}>
            <b>{t(`roles.${change.what}`)}</b> {right(change)}
          </li>
        ))}
      </ul>
      {isNew && !changes.length && <p className={css.note}>{t("roles.noRights")}</p>}
      {theirs ? <ChangedMeanwhile theirs={theirs} /> : <Refusal error={error} />}
      <div className={css.answers}>
        <Button
          onClick={() => {
            forgetWish(role.group);
            if (isNew) goTo("roles");
          }}
        >
          {t("discard")}
        </Button>
        <Button kind="primary" disabled={busy || !changes.length} onClick={() => void save()}>
          {t("roles.save")}
        </Button>
      </div>
    </section>
  );
}

/** The rights were read again, so the table shows them already; what was ticked is still wished on top of them. */
function ChangedMeanwhile({ theirs: { layer, grants } }: { theirs: Omit<LayerGrants, "base"> }) {
  const { t } = useTranslation("administration");
  const words = useWords();
  const right = useRightWords();
  return (
    <Message tone="critical">
      <p>{t("roles.changedMeanwhile")}</p>
      <ul>
        {grants.map((grant) => (
          <li key={`${grant.action} ${grant.area}`}>{right({ layer, ...grant })}</li>
        ))}
        {!grants.length && <li>{t("roles.nothingNow", { layer: words.layer(layer) })}</li>}
      </ul>
    </Message>
  );
}

/** One right in words: what, on which layer, where. */
function useRightWords(): (grant: LayerAction) => string {
  const { t } = useTranslation("administration");
  const words = useWords();
  return ({ action, layer, area }) =>
    t("roles.right", {
      action: t(`action.${action}`),
      layer: words.layer(layer),
      where: area === null ? words.where("everywhere") : words.area(area),
    });
}

/** One set per layer: what was stored before a refusal stays stored, and what was refused stays wished. */
async function saveAll(group: string, before: readonly LayerAction[], after: readonly LayerAction[]): Promise<void> {
  for (const wanted of setsToSave(before, after)) await administration.setGrants(group, wanted);
}
