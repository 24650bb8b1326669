/** The roles and teams somebody is in. */
import { useTranslation } from "react-i18next";
import { useRoles } from "@/api/administration";
import { ChipChoice } from "@/lib/ui/fields";
import { useGroupWords } from "./person-words";

export function GroupChoice({
  chosen,
  onChange,
  error,
}: {
  chosen: readonly string[];
  onChange: (groups: string[]) => void;
  error?: string | readonly string[] | undefined;
}) {
  const { t } = useTranslation("administration");
  const words = useGroupWords();
  const known = (useRoles().data ?? []).map(({ group }) => group);
  // What somebody is in is shown even where the list of groups could not be read.
  const groups = [...new Set([...known, ...chosen])];
  return (
    <ChipChoice
      label={t("field.groups")}
      choices={groups.map((group) => ({ value: group, label: words(group) }))}
      chosen={chosen}
      error={error}
      onToggle={(group) =>
        onChange(chosen.includes(group) ? chosen.filter((one) => one !== group) : [...chosen, group])
      }
    />
  );
}
