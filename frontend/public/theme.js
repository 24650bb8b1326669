// Set the theme and the language before the first paint, so that a dark control room never sees a white flash.
(() => {
  const root = document.documentElement;
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem("gridatlas.preferences") || "{}");
  } catch {}
  const dark =
    stored.theme === "dark" || (stored.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.lang = stored.language === "zh" || (!stored.language && /^zh/i.test(navigator.language)) ? "zh-Hans" : "en";
})();
