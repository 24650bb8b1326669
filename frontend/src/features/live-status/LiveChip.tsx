/** Does this map hear of changes? Silence is visible on the screen. */
import { useTranslation } from "react-i18next";
import { liveStatus } from "@/api/live";
import { useStore } from "@/lib/store";
import css from "./live.module.css";

export default function LiveChip() {
  const { t } = useTranslation("live-status");
  const status = useStore(liveStatus);
  const seconds = "seconds" in status ? status.seconds : 0;
  const text =
    status.state === "live" ? t("live") : status.state === "delayed" ? t("delayed", { seconds }) : t("offline");
  return (
    <div className={css.chip} data-state={status.state} title={t(`explain.${status.state}`)}>
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        {status.state === "live" && <circle cx="5" cy="5" r="4" />}
        {status.state === "delayed" && <path d="M5 .8 9.600 9.200H.4z" />}
        {status.state === "offline" && <path d="M1.500 1.500h7v7h-7z" />}
      </svg>
      <span>{text}</span>
      {/* Only the state is read out, not every second of it. */}
      <span className="visually-hidden" role="status">
        {t(`explain.${status.state}`)}
      </span>
    </div>
  );
}
