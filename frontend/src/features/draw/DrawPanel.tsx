/** Panel: the three tools, the same by typing, and who is inside. */
import { useTranslation } from "react-i18next";
import { byFinger } from "@/lib/pointer";
import { SHAPE_KINDS } from "@/lib/shapes";
import { useStore } from "@/lib/store";
import { Empty, Icon } from "@/lib/ui";
import { useMap } from "@/map/context";
import css from "./draw.module.css";
import { beginDrawing, drawing, useDrawnShape } from "./drawing";
import { ShapeResult } from "./ShapeResult";
import { TypedShape } from "./TypedShape";

export default function DrawPanel() {
  const { t } = useTranslation("draw");
  const map = useMap();
  const current = useStore(drawing);
  const shape = useDrawnShape();
  return (
    <div className={css.panel}>
      <fieldset className={css.tools}>
        <legend className="visually-hidden">{t("tools")}</legend>
        {SHAPE_KINDS.map((kind) => (
          <button
            key={kind}
            type="button"
            aria-pressed={current?.kind === kind}
            onClick={() => void beginDrawing(map, kind, t(`${byFinger() ? "hintsTouch" : "hints"}.${kind}`))}
          >
            <Icon name={kind} size={20} />
            {t(`kinds.${kind}`)}
          </button>
        ))}
      </fieldset>
      <TypedShape />
      {shape ? (
        <ShapeResult shape={shape} />
      ) : (
        <Empty title={t("empty.title")}>
          <p>{t("empty.help")}</p>
        </Empty>
      )}
    </div>
  );
}
