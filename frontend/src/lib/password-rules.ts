/** Judge a new password while it is typed. The server judges again: what only it can know is "later". */

export interface Rule {
  code: string;
  value?: number | null | undefined;
}

export type Judgement = "met" | "open" | "later";

/** Rules that are no rule for the password itself, but for how long it may be kept. */
const NO_TEST = new Set(["max_age_days"]);

export function judge({ code, value }: Rule, password: string, names: readonly string[] = []): Judgement {
  if (!password) return "open";
  switch (code) {
    case "min_length":
      return [...password].length >= (value ?? 12) ? "met" : "open";
    case "kinds":
      return kinds(password) >= (value ?? 3) ? "met" : "open";
    case "not_the_name":
      return names.length === 0 ? "later" : holdsName(password, names) ? "open" : "met";
    default:
      return "later";
  }
}

export function rulesToShow<T extends Rule>(rules: readonly T[]): T[] {
  return rules.filter(({ code }) => !NO_TEST.has(code));
}

/** Small letters, capital letters, digits, anything else: how many of the four there are. */
export function kinds(password: string): number {
  const letters = [...password];
  return [
    letters.some((letter) => letter !== letter.toUpperCase()),
    letters.some((letter) => letter !== letter.toLowerCase()),
    letters.some((letter) => /\p{Nd}/u.test(letter)),
    letters.some((letter) => !/[\p{L}\p{N}]/u.test(letter)),
  ].filter(Boolean).length;
}

function holdsName(password: string, names: readonly string[]): boolean {
  const plain = password.toLowerCase();
  return names
    .flatMap((name) => name.toLowerCase().split(/\s+/))
    .some((name) => [...name].length > 2 && plain.includes(name));
}
