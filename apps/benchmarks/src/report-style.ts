/** The report's style sheet: one column, light and dark by the reader's system, prints well. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --card: #ffffff; --text: #1d2126; --quiet: #5c6570; --rule: #dfe3e8;
  --ink-actual: #7b8794; --ink-train: #1668c7; --ink-test: #d1495b; --ink-baseline: #a08b3a;
  --ink-cell-1: #1668c7; --ink-cell-2: #c8560b; --ink-cell-3: #0f8a5f; --ink-cell-4: #9a3fb5;
  --warn-back: #fff4d6; --warn-text: #6b4e00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f24; --text: #e6e9ec; --quiet: #9aa4af; --rule: #30363d;
    --ink-actual: #8d99a6; --ink-train: #62a8f5; --ink-test: #ff8095; --ink-baseline: #cdb65c;
    --ink-cell-1: #62a8f5; --ink-cell-2: #ff9a57; --ink-cell-3: #4ecb9c; --ink-cell-4: #d58cec;
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
.scroll { overflow-x: auto; }
caption { text-align: left; padding-bottom: 0.35rem; font-size: 0.875rem; }
th, td {
  padding: 0.32rem 1.1rem 0.32rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule);
}
td:first-child { white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.better { font-weight: 650; }
figure {
  margin: 0.9rem 0; padding: 0.9rem 0.9rem 0.6rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: 8px;
}
figure svg { max-width: 100%; height: auto; overflow: visible; }
figcaption { margin-top: 0.35rem; font-size: 0.875rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 0.9rem; }
.key { display: inline-block; margin-right: 1.1rem; white-space: nowrap; color: var(--text); }
.key::before {
  content: ""; display: inline-block; width: 1.4rem; height: 0; margin-right: 0.4rem;
  vertical-align: middle; border-top: 3px solid var(--key);
}
.key.actual { --key: var(--ink-actual); } .key.train { --key: var(--ink-train); }
.key.test { --key: var(--ink-test); } .key.baseline { --key: var(--ink-baseline); }
.key.cell-1 { --key: var(--ink-cell-1); } .key.cell-2 { --key: var(--ink-cell-2); }
.key.cell-3 { --key: var(--ink-cell-3); } .key.cell-4 { --key: var(--ink-cell-4); }
.key.solid, .key.dashed { --key: var(--quiet); } .key.train.dashed { --key: var(--ink-train); }
.key.baseline::before, .key.dashed::before { border-top-style: dashed; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; color: var(--quiet); font-size: 0.925rem; }
code { font: 0.9em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media print {
  body { max-width: none; padding: 0; }
  figure, table { break-inside: avoid; }
}
`;
