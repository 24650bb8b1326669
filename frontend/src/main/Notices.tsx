/** Short messages at the lower middle, read out politely (errors at once). */
import { useTranslation } from "react-i18next";
import { dismissNotice, notices } from "@/lib/notices";
import { useStore } from "@/lib/store";
import { Button, Icon, IconButton } from "@/lib/ui";
import css from "./shell.module.css";

export function Notices() {
  const { t } = useTranslation("common");
  const shown = useStore(notices);
  return (
    <div className={css.notices} aria-live="polite">
      {shown.map((notice) => (
        <div
          key={notice.id}
          className={css.notice}
          data-kind={notice.kind}
          role={notice.kind === "error" ? "alert" : undefined}
        >
          <Icon name={notice.kind === "done" ? "check" : notice.kind === "info" ? "info" : "warning"} size={16} />
          <div>
            {notice.text}
            {notice.requestId && <small>{t("requestId", { id: notice.requestId })}</small>}
          </div>
          {notice.action && (
            <Button
              kind="quiet"
              onClick={() => {
                notice.action?.run();
                dismissNotice(notice.id);
              }}
            >
              {notice.action.label}
            </Button>
          )}
          <IconButton icon="close" size={14} label={t("close")} onClick={() => dismissNotice(notice.id)} />
        </div>
      ))}
    </div>
  );
}
