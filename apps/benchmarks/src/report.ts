import { accuracyChart, forecastChart, forecastLossChart, lossChart, testChart } from "./charts.ts";
import { formatCount, formatNumber, formatPercent, formatSeconds } from "./format.ts";
import { escapeHtml } from "./html.ts";
import { reportStyle } from "./report-style.ts";
import {
  type Epoch,
  type ForecastRun,
  type Results,
  type Run,
  type SentimentRun,
  secondsPerEpoch,
} from "./results.ts";

/**
 * The report as one HTML document, a pure function of the results: no script, nothing loaded from
 * anywhere (its own content policy forbids both), readable in light and dark and on paper.
 */
export function renderReport(results: Results): string {
  const forecasts = results.runs.filter((run) => run.kind === "forecast");
  const sentiments = results.runs.filter((run) => run.kind === "sentiment");
  const title = `rnnkit benchmarks: ${results.command}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="quiet">${escapeHtml(subtitle(results))}</p>
${warning(results)}
</header>
<main>
${forecasts.length > 0 ? forecastSection(forecasts) : ""}
${sentiments.length > 0 ? sentimentSection(sentiments) : ""}
${environmentSection(results)}
</main>
</body>
</html>
`;
}

function subtitle({ startedAt, seconds, environment }: Results): string {
  const when = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`;
  return (
    `${when}, ${formatSeconds(seconds)} on the ${environment.backend.name} backend, ` +
    `${environment.cpu}, Node ${environment.node}`
  );
}

function warning({ status, error }: Results): string {
  if (status === "complete") return "";
  const text =
    status === "interrupted"
      ? "Interrupted: this report holds what had been measured until then."
      : `Failed: ${error ?? "unknown error"}. This report holds what had been measured until then.`;
  return `<p class="warning" role="status">${escapeHtml(text)}</p>`;
}

function forecastSection(runs: ForecastRun[]): string {
  const rows = runs.map((run) => {
    const { rmse, baselineRmse: baseline } = run;
    const wins = rmse !== null && rmse.test < baseline.test;
    return [
      named(seriesTitle(run), run.status),
      cell(run.model.builder),
      number(formatCount(run.model.parameters)),
      number(formatNumber(rmse?.train)),
      number(formatNumber(rmse?.test), wins),
      number(formatNumber(baseline.train)),
      number(formatNumber(baseline.test), rmse !== null && !wins),
      number(formatSeconds(run.timings.trainSeconds)),
    ];
  });
  return `<section>
<h2>Forecasting</h2>
<p>One step ahead from a window of past values. The scaler saw the training part only; the test part
is the end of the series. Root mean squared error (RMSE) in the series' own unit, beside the forecast
“no change since the last value”; the lower error on the test part is bold.</p>
${table(
  [
    ["series"],
    ["model"],
    ["weights", "number"],
    ["train RMSE", "number"],
    ["test RMSE", "number"],
    ["last value, train", "number"],
    ["last value, test", "number"],
    ["training", "number"],
  ],
  rows,
)}
${runs.map(forecastFigures).join("\n")}
</section>`;
}

function forecastFigures(run: ForecastRun): string {
  const { data } = run;
  const facts = [
    data.source,
    `${formatCount(data.points)} points`,
    data.gapsFilled > 0
      ? `${formatCount(data.gapsFilled)} missing values replaced by the value before`
      : "",
  ];
  const predicted = run.train.predicted !== null;
  const shown =
    run.test.actual.length > 240 ? `the last 240 of ${run.test.actual.length} test points` : "";
  return `<h3>${escapeHtml(seriesTitle(run))}</h3>
<p class="quiet">${escapeHtml(facts.filter(Boolean).join("; "))}. ${escapeHtml(optionText(run))}</p>
${figure(
  forecastChart(run),
  key("actual", "actual") +
    (predicted
      ? key("train", "predicted, training part") + key("test", "predicted, test part")
      : ""),
)}
${figure(
  testChart(run),
  key("actual", "actual") +
    (predicted ? key("test", "predicted") : "") +
    key("baseline", "last value") +
    escapeHtml(shown),
)}
${run.epochs.length > 0 ? figure(forecastLossChart(run), key("train", "training loss")) : ""}
${epochTable(run)}`;
}

function sentimentSection(runs: SentimentRun[]): string {
  const first = runs[0] as SentimentRun;
  const { data } = first;
  const best = Math.max(...runs.map((run) => run.test?.accuracy ?? 0));
  const rows = runs.map((run) => [
    named(cellTitle(run), run.status),
    number(formatCount(run.model.parameters)),
    number(formatPercent(run.epochs.at(-1)?.accuracy)),
    number(formatPercent(run.epochs.at(-1)?.validationAccuracy)),
    number(formatPercent(run.test?.accuracy), run.test !== null && run.test.accuracy === best),
    number(formatNumber(run.test?.loss)),
    number(run.epochs.length > 0 ? formatSeconds(secondsPerEpoch(run.epochs)) : "–"),
    number(formatSeconds(run.timings.trainSeconds)),
  ]);
  const ofEpochs = (value: (epoch: Epoch) => number | null) =>
    runs.flatMap((run) => run.epochs.map(value)).filter((x) => x !== null);
  const accuracies = ofEpochs((epoch) => epoch.accuracy).concat(
    ofEpochs((epoch) => epoch.validationAccuracy),
  );
  const losses = ofEpochs((epoch) => epoch.loss).concat(ofEpochs((epoch) => epoch.validationLoss));
  const low = Math.max(0, Math.floor((Math.min(0.5, ...accuracies) - 0.01) * 10) / 10);
  const high = Math.max(0.7, ...losses);
  return `<section>
<h2>Sentiment: one classifier, each cell</h2>
<p>${escapeHtml(capital(data.title))}${data.synthetic ? " (<strong>generated</strong>, not real ones)" : ""}:
${formatCount(data.trainReviews)} training, ${formatCount(data.validationReviews)} validation and
${formatCount(data.testReviews)} test reviews, padded or cut to ${formatCount(data.maxLen)} words of a
vocabulary of ${formatCount(data.vocabSize)}. The best test accuracy is bold.</p>
${table(
  [
    ["cell"],
    ["weights", "number"],
    ["train accuracy", "number"],
    ["validation accuracy", "number"],
    ["test accuracy", "number"],
    ["test loss", "number"],
    ["an epoch", "number"],
    ["training", "number"],
  ],
  rows,
)}
${runs.map((run) => sentimentFigures(run, low, high)).join("\n")}
</section>`;
}

function sentimentFigures(run: SentimentRun, low: number, high: number): string {
  if (run.epochs.length === 0) return "";
  const keys = key("train", "training") + key("test", "validation");
  return `<h3>${escapeHtml(cellTitle(run))}</h3>
<p class="quiet">${escapeHtml(optionText(run))}</p>
<div class="pair">
${figure(accuracyChart(run, low), keys)}
${figure(lossChart(run, high), keys)}
</div>
${epochTable(run)}`;
}

function epochTable(run: Run): string {
  if (run.epochs.length === 0) return "";
  const judged = run.kind === "sentiment";
  const columns: [string, string?][] = [
    ["epoch", "number"],
    ["loss", "number"],
  ];
  if (judged) {
    columns.push(["accuracy", "number"], ["validation loss", "number"]);
    columns.push(["validation accuracy", "number"]);
  }
  columns.push(["time", "number"]);
  const rows = run.epochs.map((epoch) => [
    number(
      epoch.steps < epoch.plannedSteps
        ? `${epoch.epoch} (step ${epoch.steps} of ${epoch.plannedSteps})`
        : String(epoch.epoch),
    ),
    number(formatNumber(epoch.loss)),
    ...(judged
      ? [
          number(formatPercent(epoch.accuracy)),
          number(formatNumber(epoch.validationLoss)),
          number(formatPercent(epoch.validationAccuracy)),
        ]
      : []),
    number(formatSeconds(epoch.seconds)),
  ]);
  return `<details><summary>Every epoch, and the model</summary>
<p class="quiet">${escapeHtml(run.model.layers.join(" → "))}; ${escapeHtml(run.model.loss)},
${escapeHtml(run.model.optimizer)}</p>
${table(columns, rows)}</details>`;
}

function environmentSection({ environment }: Results): string {
  const { backend } = environment;
  const facts: [string, string][] = [
    ["processor", `${environment.cpu}, ${environment.logicalCores} logical cores`],
    ["memory", `${environment.memoryGiB} GiB`],
    ["system", environment.platform],
    ["Node", environment.node],
    ["backend", backend.name],
  ];
  return `<section>
<h2>Environment</h2>
${table(
  [["what"], ["value"]],
  facts.map(([name, value]) => [cell(name), cell(value)]),
)}
${table(
  [["backend candidate"], ["outcome"], ["why"]],
  backend.candidates.map(({ name, outcome, reason }) => [cell(name), cell(outcome), cell(reason)]),
)}
${table(
  [["package"], ["version"]],
  Object.entries(environment.packages).map(([name, version]) => [cell(name), cell(version)]),
)}
</section>`;
}

function optionText(run: Run): string {
  const options = Object.entries(run.options).map(([name, value]) => `${name} ${value}`);
  return `${options.join(", ")}.`;
}

function seriesTitle({ data }: ForecastRun): string {
  return data.synthetic ? `${data.title} (synthetic)` : data.title;
}

function cellTitle(run: SentimentRun): string {
  return run.cell.replaceAll("_", " ");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function named(title: string, status: Run["status"]): string {
  return cell(status === "complete" ? title : `${title} (${status})`);
}

function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

function number(text: string, better = false): string {
  return `<td class="number${better ? " better" : ""}">${escapeHtml(text)}</td>`;
}

function table(columns: [string, string?][], rows: string[][]): string {
  const head = columns.map(
    ([name, kind]) => `<th scope="col"${kind ? ` class="${kind}"` : ""}>${escapeHtml(name)}</th>`,
  );
  return `<div class="scroll"><table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.join("")}</tr>`).join("\n")}
</tbody></table></div>`;
}

function figure(svg: string, caption: string): string {
  return `<figure>${svg}<figcaption>${caption}</figcaption></figure>`;
}

function key(kind: "actual" | "train" | "test" | "baseline", text: string): string {
  return `<span class="key ${kind}">${escapeHtml(text)}</span>`;
}
