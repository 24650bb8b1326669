/** The page: its steps, and the one that is open. The address holds the import, so that all of it survives a reload. */
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type CustomerImport, isWorking, useImport } from "@/api/imports";
import { Button, Loading, Message } from "@/lib/ui";
import { PageFrame } from "@/lib/ui/PageFrame";
import { RefusalWords, TryAgain } from "@/lib/ui/refusal";
import { urlState } from "@/lib/url-state";
import { forgetRow, goTo, usePlace } from "./address";
import { CheckStep } from "./CheckStep";
import { ColumnsStep } from "./ColumnsStep";
import { DoneStep } from "./DoneStep";
import css from "./import.module.css";
import { STEPS, type Step, stepOf } from "./rules";
import { StartStep } from "./StartStep";
import { Working } from "./Working";
import { refusalText } from "./words";

export default function Import() {
  const { id } = usePlace();
  useDropsStay();
  useEffect(() => forgetRow, []);
  return (
    <RefusalWords value={refusalText}>
      {id ? (
        <OneImport key={id} id={id} />
      ) : (
        <Frame step="file">
          <StartStep />
        </Frame>
      )}
    </RefusalWords>
  );
}

function OneImport({ id }: { id: string }) {
  const { t } = useTranslation("import");
  const { columns } = usePlace();
  const reading = useImport(id);
  const imported = reading.data;
  if (!imported) {
    return (
      <Frame step="file">
        {reading.isPending ? (
          <Loading />
        ) : (
          <div className={css.step}>
            <TryAgain error={reading.error} again={reading.refetch} />
            <Button icon="chevronLeft" onClick={() => goTo(null)}>
              {t("start.recent")}
            </Button>
          </div>
        )}
      </Frame>
    );
  }
  const step = stepOf(imported, columns);
  return (
    <Frame step={step} imported={imported}>
      {reading.isError && (
        <div className={css.lost}>
          <Message tone="warning">{t("lost")}</Message>
        </div>
      )}
      {isWorking(imported) ? (
        <Working imported={imported} />
      ) : step === "columns" && imported.detected ? (
        <ColumnsStep key={JSON.stringify(imported.detected)} imported={imported} detected={imported.detected} />
      ) : step === "check" ? (
        <CheckStep imported={imported} />
      ) : (
        <DoneStep imported={imported} />
      )}
    </Frame>
  );
}

function Frame({ step, imported, children }: { step: Step; imported?: CustomerImport; children: ReactNode }) {
  const { t } = useTranslation("import");
  const body = useRef<HTMLDivElement>(null);
  const before = useRef(step);

  // Whoever cannot see that another step has come is told by the keyboard's place.
  useEffect(() => {
    if (before.current === step) return;
    before.current = step;
    body.current?.focus({ preventScroll: true });
  }, [step]);

  return (
    <PageFrame
      className={css.page}
      title={t("title")}
      onClose={() => urlState.set({ import: null })}
      bodyRef={body}
      nav={
        <ol className={css.steps} aria-label={t("steps")}>
          {STEPS.map((one, index) => (
            <li
              key={one}
              aria-current={one === step ? "step" : undefined}
              data-past={isPast(one, step) ? "" : undefined}
            >
              <StepName number={index + 1} one={one} go={wayTo(one, step, imported)} />
            </li>
          ))}
        </ol>
      }
    >
      {children}
    </PageFrame>
  );
}

function isPast(one: Step, step: Step): boolean {
  return STEPS.indexOf(one) < STEPS.indexOf(step);
}

/** How to get to that step from here; null when there is no way. */
function wayTo(one: Step, step: Step, imported: CustomerImport | undefined): (() => void) | null {
  if (!imported || one === step) return null;
  if (one === "file") return () => goTo(null);
  if (one === "columns" && imported.can.includes("change") && !isWorking(imported))
    return () => goTo(imported.id, "columns");
  if (one === "check" && imported.state === "checked") return () => goTo(imported.id);
  return null;
}

function StepName({ number, one, go }: { number: number; one: Step; go: (() => void) | null }) {
  const { t } = useTranslation("import");
  const words = (
    <>
      <i>{number}</i>
      <span>{t(`step.${one}`)}</span>
    </>
  );
  return go ? (
    <button type="button" onClick={go}>
      {words}
    </button>
  ) : (
    <span className={css.stepName}>{words}</span>
  );
}

/** A file dropped beside the box must not take the place of the whole page. */
function useDropsStay(): void {
  useEffect(() => {
    const stay = (event: DragEvent) => event.preventDefault();
    window.addEventListener("dragover", stay);
    window.addEventListener("drop", stay);
    return () => {
      window.removeEventListener("dragover", stay);
      window.removeEventListener("drop", stay);
    };
  }, []);
}
