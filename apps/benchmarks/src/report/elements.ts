import type { Chart } from "../charts/chart.ts";
import type { Run } from "../results.ts";
import { formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import { chartSvg } from "./chart-svg.ts";
import { escapeHtml } from "./html.ts";

/** A cell of text; a run that did not end well says so. */
export function named(title: string, status: Run["status"]): string {
  return cell(status === "complete" ? title : `${title} (${status})`);
}

export function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

/** A cell with a number in it, bold where it is the **better** one. */
export function number(text: string, better = false): string {
  return `<td class="number${better ? " better" : ""}">${escapeHtml(text)}</td>`;
}

// Tables of more columns than these have smaller letters on paper, where they cannot scroll.
const MANY = 12;

/**
 * **columns** are the titles, *number* beside those that stand right; **rows** are cells. Where it is wider
 * than the page it scrolls in its frame, whose shaded edge says so, with keys as well.
 */
export function table(columns: [string, "number"?][], rows: string[][]): string {
  const head = columns.map(
    ([name, kind]) => `<th scope="col"${kind ? ` class="${kind}"` : ""}>${escapeHtml(name)}</th>`,
  );
  const name = `Table: ${columns.map(([column]) => column).join(", ")}`;
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(name)}"><table${columns.length > MANY ? ' class="many"' : ""}>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.join("")}</tr>`).join("\n")}
</tbody></table></div>`;
}

// CSS pixels at which a chart is drawn: where a page has room, and on a phone.
const WIDTHS = { full: 920, half: 450, narrow: 320 } as const;

/**
 * One or more charts over one caption; half ones stand side by side where there is room. Each is drawn
 * twice, and the style sheet shows the one that the room is for: letters that shrink with a
 * picture cannot be read on a phone. Where several are alike, **names** stand above them.
 */
export function figure(
  charts: Chart | Chart[],
  caption: string,
  names: readonly string[] = [],
): string {
  const drawn = [charts].flat().map(
    (chart, i) => `<div class="chart ${chart.span}">
${names[i] === undefined ? "" : `<h4>${escapeHtml(names[i])}</h4>`}
<div class="wide">${chartSvg(chart, WIDTHS[chart.span])}</div>
<div class="narrow">${chartSvg(chart, WIDTHS.narrow)}</div>
</div>`,
  );
  return `<figure><div class="charts">${drawn.join("\n")}</div><figcaption>${caption}</figcaption></figure>`;
}

/** A line of the legend: what is drawn in the way that the style sheet has for **kind**. */
export function key(kind: string, text: string): string {
  return `<span class="key ${kind}">${escapeHtml(text)}</span>`;
}

/** Every option of a run, in words. */
export function optionText(run: Run): string {
  const options = Object.entries(run.options).map(([name, value]) => `${name} ${value}`);
  return `${options.join(", ")}.`;
}

/** A run's epochs and model, folded. */
export function epochTable(run: Run): string {
  if (run.epochs.length === 0) return "";
  const judged = run.epochs.some(({ accuracy }) => accuracy !== null);
  const validated = judged || run.epochs.some(({ validationLoss }) => validationLoss !== null);
  const columns: [string, "number"?][] = [
    ["epoch", "number"],
    ["loss", "number"],
  ];
  if (judged) columns.push(["accuracy", "number"]);
  if (validated) columns.push(["validation loss", "number"]);
  if (judged) columns.push(["validation accuracy", "number"]);
  columns.push(["time", "number"]);
  const rows = run.epochs.map((epoch) => [
    number(
      epoch.steps < epoch.plannedSteps
        ? `${epoch.epoch} (step ${epoch.steps} of ${epoch.plannedSteps})`
        : String(epoch.epoch),
    ),
    number(formatNumber(epoch.loss)),
    ...(judged ? [number(formatPercent(epoch.accuracy))] : []),
    ...(validated ? [number(formatNumber(epoch.validationLoss))] : []),
    ...(judged ? [number(formatPercent(epoch.validationAccuracy))] : []),
    number(formatSeconds(epoch.seconds)),
  ]);
  return `<details><summary>Every epoch, and the model</summary>
<p class="quiet">${escapeHtml(run.model.layers.join(" → "))}; ${escapeHtml(run.model.loss)},
${escapeHtml(run.model.optimizer)}</p>
${table(columns, rows)}</details>`;
}
