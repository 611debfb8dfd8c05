import { BENCH_SCHEMA_VERSION, type BenchResults } from "../bench/bench-results.ts";
import type { ScalingRow, TimelineRow } from "../bench/bench-rows.ts";
import { type ScaledAxis, type ScaledCost, scalingChart } from "../charts/scaling-chart.ts";
import { stepPhases, timelineChart } from "../charts/timeline-chart.ts";
import { formatNumber, formatSeconds } from "../terminal/format.ts";
import { reportDocument } from "./document.ts";
import { cell, figure, key, number, table } from "./elements.ts";
import { escapeHtml } from "./html.ts";

const sections: Readonly<Record<string, (results: BenchResults) => string>> = {
  "bench scaling": (results) => scalingSection(results.rows as ScalingRow[]),
  "bench timeline": (results) =>
    (results.rows as TimelineRow[]).map((row) => timelineSection(row)).join("\n"),
};

/** The bench commands whose results have pictures. */
export const drawnBenches: readonly string[] = Object.keys(sections);

/** Results of one of `drawnBenches` from the text of its JSON; null of any other text. */
export function readBench(text: string): BenchResults | null {
  try {
    const value = JSON.parse(text) as Partial<BenchResults> | null;
    const isOurs = value?.schemaVersion === BENCH_SCHEMA_VERSION && Array.isArray(value.rows);
    return isOurs && drawnBenches.includes(String(value.command)) ? (value as BenchResults) : null;
  } catch {
    return null;
  }
}

/**
 * What a bench command measured as one HTML document, a pure function of its results, without script.
 *
 * @throws for a command that is not among `drawnBenches`
 */
export function renderBenchReport(results: BenchResults): string {
  const { command, startedAt, seconds, environment, status } = results;
  const section = sections[command];
  if (!section) {
    throw new Error(`report: expected one of ${drawnBenches.join(", ")}, got ${command}`);
  }
  const title = `rnnkit ${command}`;
  const when = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC, ${formatSeconds(seconds)}`;
  const { cpu, node, backend, threads } = environment;
  return reportDocument({
    title,
    lead: `<p class="quiet">${escapeHtml(`${when} on the ${backend.name} backend, ${cpu}, ${threads} threads, Node ${node}`)}</p>
${status === "complete" ? "" : `<p class="warning" role="status">${status}: this report holds what had been measured until then.</p>`}`,
    main: `${section(results)}`,
  });
}

function scalingSection(rows: ScalingRow[]): string {
  const axes: readonly ScaledAxis[] = ["T", "B", "H"];
  const chartsOf = (cost: ScaledCost) =>
    axes.map((axis) => scalingChart(rows, axis, cost)).filter((chart) => chart !== null);
  const law = key("test dashed", "power law, least squares over the larger half of the sizes");
  const figures = (["medianMs", "trainingBytes"] as const).flatMap((cost) => {
    const charts = chartsOf(cost);
    return charts.length > 0 ? [figure(charts, key("dot", "measured") + law)] : [];
  });
  return `<section>
<h2>How a training step grows</h2>
<p>One size is varied, the others stand still; forward and backward through the tfjs op. Both axes are logarithmic: a straight
line is a power, its slope the exponent: 1 linear, 2 squared.</p>
${figures.join("\n")}
${table(
  [
    ["varied"],
    ["B×T×I×H"],
    ["median ms", "number"],
    ["95 % ms", "number"],
    ["GFLOP/s", "number"],
    ["memory MB", "number"],
  ],
  rows.map(({ axis, shape, medianMs, p95Ms, gflops, trainingBytes }) => [
    cell(axis),
    cell([shape.B, shape.T, shape.I, shape.H].join("×")),
    number(formatNumber(medianMs)),
    number(formatNumber(p95Ms)),
    number(formatNumber(gflops, 3)),
    number(formatNumber(trainingBytes / 1e6, 3)),
  ]),
)}
</section>`;
}

function timelineSection(row: TimelineRow): string {
  const { model, title, batchSize, threads, rounds, wholeMs, totalMs, bars } = row;
  const inside = bars.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const keys = stepPhases.map((phase, i) => key(`cell-${i + 1}`, phase)).join("");
  return `<section>
<h2>One training step of ${escapeHtml(model)}</h2>
<p>${escapeHtml(title)}; batch ${batchSize}, ${threads} threads. Measured layer by layer on the wasm backend: each layer as one or
a few operations of tfjs, so that its work can be told apart; the step of the median time of ${rounds}. Between the stretches,
${formatNumber(totalMs - inside, 3)} ms, tfjs keeps its books and works out metrics. As a whole, as <code>fit</code> takes it where it can,
the same step is one call of the engine and took ${formatNumber(wholeMs, 3)} ms, in turn with the others.</p>
${figure(timelineChart(row), keys)}
</section>`;
}
