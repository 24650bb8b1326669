/** Tiles that could not be had are asked for again, one at a time and in turn, until one is there. */
const RETRY_MS = 30_000;

interface Watch {
  /** Resolves to whether the tile is there now; a rejection counts as no. */
  isThere: (address: string) => Promise<boolean>;
  /** Called when one came; those that were missing are forgotten, so whoever draws them anew adds what is missing still. */
  onBack: () => void;
}

export function watchMissing({ isThere, onBack }: Watch) {
  const missing = new Set<string>();
  const askForOne = async () => {
    const [address] = missing;
    if (address === undefined) return;
    const isBack = await isThere(address).catch(() => false);
    // To the end of the line: one tile that stays missing must not hide that the others are back.
    missing.delete(address);
    if (!isBack) {
      missing.add(address);
      return;
    }
    missing.clear();
    onBack();
  };
  const timer = setInterval(() => void askForOne(), RETRY_MS);
  return {
    add: (address: string) => void missing.add(address),
    stop: () => clearInterval(timer),
  };
}
