/** Where in a line the text of a search stands: compared as the server does, without accents and capitals; numbers by their digits. */

/** [start, end) in `line`; null where the line does not hold the text, e.g. because it was found by its pinyin. */
export function partOf(line: string, text: string): readonly [number, number] | null {
  const isNumber = /\d/.test(text) && !/\p{L}/u.test(text);
  const dropped = isNumber ? /^[ ()+./-]?$/ : /^$/;
  const signs = signsOf(line, dropped);
  const [there, wanted] = [wordOf(signs), wordOf(signsOf(text.trim(), dropped))];
  // Of a number it is the end that one remembers.
  const found = isNumber ? there.lastIndexOf(wanted) : there.indexOf(wanted);
  const [first, last] = [signs[found], signs[found + wanted.length - 1]];
  return wanted && first && last ? [first.start, last.end] : null;
}

interface Sign {
  folded: string;
  start: number;
  end: number;
}

function signsOf(text: string, dropped: RegExp): Sign[] {
  let end = 0;
  return [...text]
    .map((sign) => {
      const start = end;
      end += sign.length;
      // One letter for each sign, so that places in the word are places among the signs.
      return { folded: fold(sign).charAt(0), start, end };
    })
    .filter(({ folded }) => !dropped.test(folded));
}

const wordOf = (signs: readonly Sign[]) => signs.map(({ folded }) => folded).join("");

const fold = (sign: string) => sign.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
