import { seasonText } from "./forecast-lines.ts";
import { formatCount, formatNumber, formatPercent, formatSeconds } from "./format.ts";
import { escapeHtml } from "./html.ts";
import { cell, number, table } from "./report-elements.ts";
import type { ForecastRun, HorizonErrors, JudgedForecasts } from "./results.ts";

type Columns = [string, "number"?][];

/** The test part's errors, step by step of the horizon; nothing before the model has predicted. */
export function horizonTable(run: ForecastRun): string {
  const { horizon, season, bands } = run;
  if (!horizon) return "";
  const band = bands
    ? ` ${bandText(run)} On the test part the bands one step ahead hold ${formatPercent(horizon.steps[0]?.coverage)}.`
    : "";
  return `<p>Errors on the test part, from every point of it as many steps ahead as lie in it, beside the last value and
the value of the same place in the last season; ${escapeHtml(seasonText(season))}. MASE is the mean absolute error in
proportion to the training part’s mean change from one value to the next: below 1 is better than “no change” was
there, one step ahead. The lowest error of a line is bold.${escapeHtml(band)}</p>
${stepTable(horizon, run)}`;
}

/** Each fold, then all of them together; nothing where none were asked for. */
export function walkForwardTables(run: ForecastRun): string {
  const { walkForward, bands } = run;
  if (!walkForward) return "";
  const { folds, together } = walkForward;
  const columns: Columns = [
    ["fold", "number"],
    ["trained on", "number"],
    ["from"],
    ["to"],
    ["season", "number"],
    ...errorColumns(run),
    ["time", "number"],
  ];
  const rows = folds.map(({ trainPoints, season, test, horizon, seconds }, i) => [
    number(String(i + 1)),
    number(formatCount(trainPoints)),
    cell(String(test.at[0])),
    cell(String(test.at.at(-1))),
    number(season ? formatCount(season.length) : "–"),
    ...errorCells(horizon.all, bands !== null),
    number(formatSeconds(seconds)),
  ]);
  return `<h4>Walk-forward</h4>
<p>Each fold is a new model, with a scaler and a season of its own, of all points before its stretch; what comes later
is unknown to it. Errors of all steps ahead.</p>
${table(columns, rows)}
${together ? `<p>All folds together.</p>\n${stepTable(together, run)}` : "<p>Not all folds have ended.</p>"}`;
}

/** How the run's bands are made, in a sentence. */
export function bandText({ bands }: ForecastRun): string {
  if (!bands) return "";
  const [low, high] = bands.levels.map((level) => formatPercent(level));
  const made =
    bands.method === "quantile"
      ? `are outputs of the model, its ${low} and ${high} quantiles, trained by the pinball loss`
      : `are the ${low} and ${high} quantiles of ${bands.samples} predictions with dropout left on: what the weights leave open, without the noise of the values`;
  return `Bands ${made}; they should hold ${formatPercent(bands.nominal)} of the values.`;
}

function stepTable({ steps, all }: HorizonErrors, run: ForecastRun): string {
  const columns: Columns = [["steps ahead"], ["values", "number"], ...errorColumns(run)];
  const row = (name: string, judged: JudgedForecasts) => [
    cell(name),
    number(formatCount(judged.count)),
    ...errorCells(judged, run.bands !== null),
  ];
  const rows = steps.map((step, i) => row(String(i + 1), step));
  return table(columns, steps.length > 1 ? [...rows, row("all", all)] : rows);
}

function errorColumns({ bands }: ForecastRun): Columns {
  const names = ["MAE", "RMSE", "MASE"].flatMap((error) => [
    error,
    `${error}, last value`,
    `${error}, seasonal`,
  ]);
  const ofBands = bands ? ["within the band", "its mean width"] : [];
  return [...names, ...ofBands].map((name) => [name, "number"]);
}

function errorCells(judged: JudgedForecasts, hasBands: boolean): string[] {
  const { model, lastValue, seasonal, coverage, width } = judged;
  const cells = (["mae", "rmse", "mase"] as const).flatMap((error) => {
    const values = [model[error], lastValue[error], seasonal?.[error] ?? null];
    const least = Math.min(...values.map((value) => value ?? Number.POSITIVE_INFINITY));
    return values.map((value) => number(formatNumber(value), value === least));
  });
  if (!hasBands) return cells;
  return [...cells, number(formatPercent(coverage)), number(formatNumber(width))];
}
