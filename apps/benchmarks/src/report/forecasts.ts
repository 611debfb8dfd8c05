import {
  forecastChart,
  residualChart,
  shownTestPoints,
  testChart,
} from "../charts/forecast-chart.ts";
import { trainingChart } from "../charts/history-chart.ts";
import { horizonChart } from "../charts/horizon-chart.ts";
import type { ForecastRun } from "../results.ts";
import { formatCount, formatNumber, formatSeconds } from "../terminal/format.ts";
import { cell, epochTable, figure, key, named, number, optionText, table } from "./elements.ts";
import { horizonTable, walkForwardTables } from "./forecast-errors.ts";
import { escapeHtml } from "./html.ts";

/** The report's part on forecasts that are no listing of the tutorial's. */
export function forecastSection(runs: ForecastRun[]): string {
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
<p>From a window of past values; the first table is one step ahead. The scaler saw the training part only; the test part
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
  const predicted = run.train.predicted !== null;
  return `<h3>${escapeHtml(seriesTitle(run))}</h3>
<p class="quiet">${escapeHtml(factText(run))}</p>
${figure(
  [forecastChart(run), residualChart(run)].filter((chart) => chart !== null),
  key("actual", "actual") +
    (predicted
      ? key("train", "predicted, training part") + key("test", "predicted, test part")
      : "") +
    (run.ahead ? key("ahead", "beyond the data") : "") +
    bandKey(run),
)}
${testFigure(run, true)}
${horizonFigure(run)}
${horizonTable(run)}
${walkForwardTables(run)}
${aheadTable(run)}
${trainingFigure(run)}
${epochTable(run)}`;
}

/** Actual and predicted over the test part, and the last value's forecast where it is asked for. */
export function testFigure(run: ForecastRun, lastValue: boolean): string {
  const all = run.test.actual.length;
  const shown = shownTestPoints(all);
  return figure(
    testChart(run, lastValue),
    key("actual", "actual") +
      (run.test.predicted ? key("test", "predicted") : "") +
      bandKey(run) +
      (lastValue ? key("baseline", "last value") : "") +
      (lastValue && run.test.seasonal ? key("seasonal", "a season before") : "") +
      (shown < all ? `the last ${shown} of ${all} test points` : ""),
  );
}

function bandKey({ bands }: ForecastRun): string {
  if (!bands) return "";
  return key("band", `band for ${Math.round(100 * bands.nominal)} % of the values`);
}

/** Errors by steps ahead, where there are several. */
function horizonFigure(run: ForecastRun): string {
  const chart = horizonChart(run);
  if (!chart) return "";
  return figure(
    chart,
    key("test", "model") +
      key("baseline", "last value") +
      (run.season ? key("seasonal", "a season before") : ""),
  );
}

/** What comes after the end of the data, where it was asked for. */
function aheadTable({ ahead, data }: ForecastRun): string {
  if (!ahead) return "";
  const { lower, upper } = ahead;
  const how =
    ahead.strategy === "direct"
      ? "direct: the model has an output for each step"
      : "recursive: each value is forecast from the ones forecast before it";
  const ends = (i: number) =>
    lower && upper ? [lower[i], upper[i]].map((end) => number(formatNumber(end, 6))) : [];
  return `<p>Beyond the end of the data, ${escapeHtml(how)}.</p>
${table(
  [
    [data.axis.label],
    [data.valueLabel, "number"],
    ...(lower && upper
      ? ([
          ["lower", "number"],
          ["upper", "number"],
        ] satisfies [string, "number"][])
      : []),
  ],
  ahead.values.map((value, i) => [
    cell(String(ahead.at[i])),
    number(formatNumber(value, 6)),
    ...ends(i),
  ]),
)}`;
}

/** The losses over the epochs, or nothing before there is one. */
export function trainingFigure({ data, epochs, model }: ForecastRun): string {
  if (epochs.length === 0) return "";
  const validated = epochs.some(({ validationLoss }) => validationLoss !== null);
  return figure(
    trainingChart(data.title, epochs, `loss (${lossText(model.loss)}, scaled)`),
    key("train", "training loss") + (validated ? key("train dashed", "validation loss") : ""),
  );
}

function lossText(loss: string): string {
  return loss === "pinballLoss" ? "pinball loss" : "mean squared error";
}

/** Where the series is from, and every option. */
export function factText(run: ForecastRun): string {
  const { data } = run;
  const { source, points, gapsFilled, notes } = data;
  const facts = [
    source,
    `${formatCount(points)} points`,
    gapsFilled > 0 ? `${formatCount(gapsFilled)} missing values replaced by the value before` : "",
    data.features.length > 0 ? `with the past of ${data.features.join(", ")}` : "",
    ...notes,
  ];
  return `${facts.filter(Boolean).join("; ")}. ${optionText(run)}`;
}

function seriesTitle({ data }: ForecastRun): string {
  return data.synthetic ? `${data.title} (synthetic)` : data.title;
}
