/** "Use my position": one press, one answer, or the reason why there is none. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type DevicePosition, findDevice, NoPosition } from "../device-position";
import { Button } from ".";
import css from "./ui.module.css";

export function DevicePositionButton({ onFound }: { onFound: (position: DevicePosition) => void }) {
  const { t } = useTranslation("position");
  const [state, setState] = useState<"idle" | "working" | NoPosition["textKey"]>("idle");
  const find = async () => {
    setState("working");
    try {
      onFound(await findDevice());
      setState("idle");
    } catch (error) {
      setState(error instanceof NoPosition ? error.textKey : "deviceFailed");
    }
  };
  return (
    <div className={css.field}>
      <Button icon="locate" onClick={find} disabled={state === "working"}>
        {t(state === "working" ? "deviceWorking" : "device")}
      </Button>
      {state !== "idle" && state !== "working" && (
        <span className={css.fieldError} role="alert">
          {t(state)}
        </span>
      )}
    </div>
  );
}
