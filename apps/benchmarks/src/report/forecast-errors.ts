import { judgedText, seasonText } from "../forecasting/forecast-lines.ts";
import type { ForecastRun, HorizonErrors, JudgedForecasts } from "../results.ts";
import { formatCount, formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import { cell, number, table } from "./elements.ts";
import { escapeHtml } from "./html.ts";

type Columns = [string, "number"?][];

// Of a long horizon the first steps and the last are shown.
const [MOST_STEPS, FIRST_STEPS] = [48, 24];

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
there, one step ahead. The lowest error of each step is bold.${escapeHtml(band)} ${judgedText(run).map(sentence).join("")}</p>
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
    ["from", "number"],
    ["to", "number"],
    ["RMSE", "number"],
    ["last value", "number"],
    ["seasonal", "number"],
    ["season", "number"],
    ["MASE", "number"],
    ...(bands ? ([["in band", "number"]] satisfies Columns) : []),
    ["time", "number"],
  ];
  const rows = folds.map(({ trainPoints, season, test, horizon: { all }, seconds }, i) => [
    number(String(i + 1)),
    number(`${formatCount(trainPoints)} points`),
    number(String(test.at[0])),
    number(String(test.at.at(-1))),
    ...leastBold([all.model.rmse, all.lastValue.rmse, all.seasonal?.rmse ?? null]),
    number(season ? formatCount(season.length) : "–"),
    number(formatNumber(all.model.mase)),
    ...(bands ? [number(formatPercent(all.coverage))] : []),
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

function sentence(text: string): string {
  return escapeHtml(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

function stepTable({ steps, all }: HorizonErrors, { bands }: ForecastRun): string {
  const hasSeason = all.seasonal !== null;
  const columns: Columns = [
    ["steps ahead"],
    ["forecast"],
    ["MAE", "number"],
    ["RMSE", "number"],
    ["MASE", "number"],
    ...(bands ? ([["in band"], ["width"]].map(([name]) => [name, "number"]) as Columns) : []),
  ];
  const isLong = steps.length > MOST_STEPS;
  const shown = steps.flatMap((step, i) =>
    !isLong || i < FIRST_STEPS || i === steps.length - 1
      ? stepRows(`${i + 1} (${formatCount(step.count)} values)`, step, hasSeason, bands !== null)
      : [],
  );
  const together =
    steps.length > 1
      ? stepRows(`all (${formatCount(all.count)} values)`, all, hasSeason, bands !== null)
      : [];
  const rest = isLong
    ? `<p class="quiet">The JSON has the ${steps.length - FIRST_STEPS - 1} steps between.</p>`
    : "";
  return table(columns, [...shown, ...together]) + rest;
}

/** A line for the model and each baseline. */
function stepRows(
  name: string,
  { model, lastValue, seasonal, coverage, width }: JudgedForecasts,
  hasSeason: boolean,
  hasBands: boolean,
): string[][] {
  const kinds = [model, lastValue, ...(hasSeason ? [seasonal] : [])];
  const byError = (["mae", "rmse", "mase"] as const).map((error) =>
    leastBold(kinds.map((kind) => kind?.[error] ?? null)),
  );
  return kinds.map((_, k) => [
    cell(name),
    cell(["model", "last value", "seasonal"][k] as string),
    ...byError.map((cells) => cells[k] as string),
    ...(hasBands
      ? [number(k === 0 ? formatPercent(coverage) : ""), number(k === 0 ? formatNumber(width) : "")]
      : []),
  ]);
}

function leastBold(values: (number | null)[]): string[] {
  const least = Math.min(...values.map((value) => value ?? Number.POSITIVE_INFINITY));
  return values.map((value) => number(formatNumber(value), value === least));
}
