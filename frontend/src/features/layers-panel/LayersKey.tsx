/** `l` opens and closes the panel. */
import { useMemo } from "react";
import { useShortcuts } from "@/lib/shortcuts";
import { urlState } from "@/lib/url-state";

export default function LayersKey() {
  useShortcuts(
    useMemo(
      () => [
        {
          keys: "l",
          label: "layers-panel:keys.layers",
          run: () => urlState.set({ panel: urlState.get().panel === "layers" ? null : "layers" }),
        },
      ],
      [],
    ),
  );
  return null;
}
