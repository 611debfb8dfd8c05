import { inkStyle } from "../charts/ink.ts";

/** The report's style sheet: one column, light and dark by the reader's system, prints well. */
export const reportStyle: string = `${inkStyle}
:root {
  --paper: #fdfdfc; --text: #1d2126; --quiet: #5c6570; --rule: #dfe3e8; --edge: rgb(0 0 0 / 0.35);
  --warn-back: #fff4d6; --warn-text: #6b4e00;
}
@media screen { :root { color-scheme: light dark; } }
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --text: #e6e9ec; --quiet: #9aa4af; --rule: #30363d; --edge: rgb(255 255 255 / 0.45);
    --warn-back: #3a2f10; --warn-text: #f2d58a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 64rem;
  background: var(--paper); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 3rem 0 0.25rem; font-size: 1.3rem; }
h3 { margin: 1.75rem 0 0.25rem; font-size: 1.05rem; }
h4 { margin: 0.25rem 0 0; font-size: 0.925rem; }
p { margin: 0.25rem 0 0.75rem; }
.quiet, figcaption, caption { color: var(--quiet); }
.warning {
  margin: 1rem 0; padding: 0.6rem 0.9rem; border-radius: 6px;
  background: var(--warn-back); color: var(--warn-text);
}
table {
  border-collapse: collapse; margin: 0.75rem 0; font-variant-numeric: tabular-nums;
  font-size: 0.925rem;
}
/* The covers scroll with the table and hide an edge's shade where nothing lies beyond it. */
.scroll {
  overflow-x: auto; background:
    linear-gradient(to right, var(--paper) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--paper) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--edge), transparent) left / 0.9rem 100% no-repeat scroll,
    linear-gradient(to left, var(--edge), transparent) right / 0.9rem 100% no-repeat scroll;
}
.scroll:focus-visible { outline: 2px solid var(--ink-train); outline-offset: 2px; }
caption { text-align: left; padding-bottom: 0.35rem; font-size: 0.875rem; }
th, td {
  padding: 0.32rem 1.1rem 0.32rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule);
}
td:first-child { white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; vertical-align: bottom; }
th.number { text-align: right; }
td.number { text-align: right; white-space: nowrap; }
td.better { font-weight: 650; }
figure {
  margin: 0.9rem 0; padding: 0.9rem 0.9rem 0.6rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: 8px;
}
figure svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: 0.35rem; font-size: 0.875rem; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.9rem; }
.chart { container-type: inline-size; }
.chart.full { grid-column: 1 / -1; }
.wide svg { max-width: 58rem; } .narrow svg, .half .wide svg { max-width: 36rem; }
.chart .narrow { display: none; }
@media screen and (max-width: 54rem) { .chart.half { grid-column: 1 / -1; } }
@media screen {
  @container (max-width: 45rem) { .full > .wide { display: none; } .full > .narrow { display: block; } }
  @container (max-width: 24rem) { .half > .wide { display: none; } .half > .narrow { display: block; } }
}
.key { display: inline-block; margin-right: 1.1rem; white-space: nowrap; color: var(--text); }
.key::before {
  content: ""; display: inline-block; width: 1.4rem; height: 0; margin-right: 0.4rem;
  vertical-align: middle; border-top: 3px solid var(--key);
}
.key.actual { --key: var(--ink-actual); } .key.train { --key: var(--ink-train); }
.key.test { --key: var(--ink-test); } .key.baseline { --key: var(--ink-baseline); }
.key.seasonal { --key: var(--ink-seasonal); } .key.band, .key.ahead { --key: var(--ink-test); }
.key.band::before { border-top-width: 0.7rem; opacity: 0.3; }
.key.cell-1 { --key: var(--ink-cell-1); } .key.cell-2 { --key: var(--ink-cell-2); }
.key.cell-3 { --key: var(--ink-cell-3); } .key.cell-4 { --key: var(--ink-cell-4); }
.key.cell-5 { --key: var(--ink-cell-5); }
.key.dot { --key: var(--ink-train); }
.key[class*="cell-"]::before, .key.dot::before {
  content: "●"; width: auto; height: auto; border: 0; line-height: 1; vertical-align: baseline; color: var(--key);
}
.key.cell-2::before { content: "■"; } .key.cell-3::before { content: "▲"; } .key.cell-4::before { content: "◆"; }
.key.cell-5::before { content: "★"; }
.key.round::before { content: "○"; width: auto; height: auto; border: 0; line-height: 1; color: var(--key); }
.key.round.fused { --key: var(--ink-train); } .key.round.stock { --key: var(--ink-baseline); }
.key.round.stock::before { content: "□"; }
.key.solid, .key.dashed { --key: var(--quiet); } .key.test.dashed { --key: var(--ink-test); } .key.train.dashed { --key: var(--ink-train); }
.key.dashed::before, .key.ahead::before, .key.seasonal::before { border-top-style: dashed; } .key.baseline::before { border-top-style: dotted; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.925rem; }
code { font: 0.9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media screen and (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  figure { padding: 0.6rem 0.6rem 0.4rem; }
  .key { white-space: normal; }
  th, td { padding-right: 0.8rem; }
  td:first-child { white-space: normal; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  figure { padding: 0; border: 0; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 8pt; }
  th, td { padding-right: 0.4rem; }
  table.many { font-size: 6.5pt; } .many th, .many td { padding-right: 0.25rem; }
  figcaption { font-size: 9pt; }
  td:first-child { white-space: normal; }
}
`;
