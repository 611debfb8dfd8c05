/** Colours are CSS variables, so that a chart follows light and dark. */
export const ink = {
  actual: "var(--ink-actual)",
  train: "var(--ink-train)",
  test: "var(--ink-test)",
  baseline: "var(--ink-baseline)",
  seasonal: "var(--ink-seasonal)",
  card: "var(--card)",
} as const;

/** Symbols beside the colours, in their order: who sees no colours tells lines apart by them. */
export const symbols = ["circle", "square", "triangle", "diamond2", "star"] as const;

/** The n-th of the colours for cells and other things that are compared; the sixth is the first again. */
export function comparedInk(n: number): string {
  return `var(--ink-cell-${(n % symbols.length) + 1})`;
}

/** Its symbol. */
export function comparedSymbol(n: number): (typeof symbols)[number] {
  return symbols[n % symbols.length] as (typeof symbols)[number];
}

/** What validation is drawn with, beside training's solid line. */
export const VALIDATION_DASHES = "5,4";

/** What the last value's forecast is drawn with. */
export const BASELINE_DASHES = "2,3";

/** What the forecast "as a season before" is drawn with. */
export const SEASONAL_DASHES = "6,3,1,3";

const light = `--card: #ffffff;
  --ink-actual: #6d7985; --ink-train: #1668c7; --ink-test: #c93a4d; --ink-baseline: #8a7524; --ink-seasonal: #0b7a75;
  --ink-cell-1: #1668c7; --ink-cell-2: #c8560b; --ink-cell-3: #0f8a5f; --ink-cell-4: #9a3fb5; --ink-cell-5: #4a5560;`;

const dark = `--card: #1b1f24;
  --ink-actual: #8d99a6; --ink-train: #62a8f5; --ink-test: #ff8095; --ink-baseline: #cdb65c; --ink-seasonal: #5cc8c2;
  --ink-cell-1: #62a8f5; --ink-cell-2: #ff9a57; --ink-cell-3: #4ecb9c; --ink-cell-4: #d58cec; --ink-cell-5: #c3ccd6;`;

/** The variables that charts are drawn with, as a style sheet: light, and dark where the system asks for it; paper is light. */
export const inkStyle: string = `
:root { ${light} }
@media screen and (prefers-color-scheme: dark) {
  :root { ${dark} }
}
`;
