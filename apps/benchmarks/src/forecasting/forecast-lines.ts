import type {
  Epoch,
  Fold,
  ForecastRun,
  HorizonErrors,
  JudgedForecasts,
  Season,
} from "../results.ts";
import { formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import type { Colors } from "../terminal/terminal.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";

/** What is forecast, from what, by what. */
export function forecastHead(run: ForecastRun, timesteps: number, colors: Colors): string[] {
  const { title, synthetic, points, gapsFilled, notes, features } = run.data;
  return [
    "",
    colors.bold(`forecast: ${title}${synthetic ? " (synthetic)" : ""}`),
    `  ${points} points, ${run.train.at.length} training and ${run.test.at.length} test windows of ` +
      `${timesteps}; ${run.model.builder}, ${run.model.parameters} weights`,
    ...(features.length > 0 ? [`  with the past of ${features.join(", ")}`] : []),
    ...notes.map((note) => `  ${note}`),
    ...(gapsFilled > 0 ? [`  ${gapsFilled} missing values replaced by the value before`] : []),
    ...(run.listing === null ? [`  ${seasonText(run.season)}`] : []),
  ];
}

/** `season: 12 points (by the dates; --season says another)`. */
export function seasonText(season: Season | null): string {
  if (!season) return "season: none found in the training part (--season says one)";
  const from = {
    given: "as given",
    dates: "by the dates; --season says another",
    autocorrelation: "where the training part's autocorrelation peaks; --season says another",
  }[season.source];
  return `season: ${season.length} points (${from})`;
}

export function epochLine(epoch: Epoch, epochs: number, colors: Colors): string {
  const judged =
    epoch.validationLoss === null ? "" : `  val loss ${formatNumber(epoch.validationLoss)}`;
  return (
    `  epoch ${String(epoch.epoch).padStart(String(epochs).length)}/${epochs}` +
    `  loss ${formatNumber(epoch.loss)}${judged}  ${colors.dim(formatSeconds(epoch.seconds))}`
  );
}

export function foldLine(fold: Fold, n: number, folds: number, colors: Colors): string {
  const { test, trainPoints, horizon, seconds } = fold;
  return (
    `  fold ${String(n).padStart(String(folds).length)}/${folds}  ${trainPoints} points, then ` +
    `${test.at[0]} to ${test.at.at(-1)}: RMSE ${formatNumber(horizon.all.model.rmse)}, ` +
    `last value ${formatNumber(horizon.all.lastValue.rmse)}  ${colors.dim(formatSeconds(seconds))}`
  );
}

/** Errors beside the baselines', a verdict, the steps of the horizon, the folds, and what lies beyond the data. */
export function forecastSummary(run: ForecastRun, colors: Colors): string[] {
  const { rmse, baselineRmse: baseline, deviation } = run;
  if (!rmse) return [];
  const row = (name: string, errors: { train: number; test: number }) =>
    tableRow(partColumns, [name, formatNumber(errors.train), formatNumber(errors.test)]);
  const [name, simplest] =
    deviation.test < baseline.test
      ? ["series' own deviation", deviation.test]
      : ["last-value baseline", baseline.test];
  const change = Math.abs(100 * (1 - rmse.test / simplest)).toFixed(1);
  const wins = rmse.test < simplest;
  const verdict =
    simplest === 0
      ? "  the test part never changes: no forecast is better than the last value"
      : `  test RMSE ${change} % ${wins ? "below" : "above"} the ${name}`;
  return [
    `${tableHead(partColumns)}   ${colors.dim(run.data.valueLabel)}`,
    row(run.options.model === "stock" ? "LSTM" : "LSTM × 2", rmse),
    row("last value", baseline),
    row("own deviation", deviation),
    wins ? colors.green(verdict) : colors.yellow(verdict),
    ...seasonVerdict(run, rmse.test, colors),
    ...(run.listing === null ? stepLines("test part", run.horizon, run) : []),
    ...judgedText(run).map((text) => `  ${text}`),
    ...stepLines("all folds", run.walkForward?.together ?? null, run),
    ...aheadLines(run),
  ];
}

/** Says where fewer steps are judged than were asked for. */
export function judgedText({ ahead, horizon, test }: ForecastRun): string[] {
  const steps = horizon?.steps.length ?? 0;
  if (!ahead || !horizon || steps === ahead.values.length) return [];
  const why = steps === test.at.length ? "the test part has no more" : "more take long";
  return [`of ${ahead.values.length} steps ahead the first ${steps} are judged: ${why}`];
}

function seasonVerdict({ horizon }: ForecastRun, rmse: number, colors: Colors): string[] {
  const seasonal = horizon?.steps[0]?.seasonal?.rmse;
  if (!seasonal) return [];
  const change = Math.abs(100 * (1 - rmse / seasonal)).toFixed(1);
  const wins = rmse < seasonal;
  const verdict = `  and ${change} % ${wins ? "below" : "above"} the seasonal baseline`;
  return [wins ? colors.green(verdict) : colors.yellow(verdict)];
}

const partColumns: Column[] = [
  { title: "RMSE", width: 14, left: true },
  { title: "train", width: 8 },
  { title: "test", width: 8 },
];

const columns: Column[] = [
  { title: "", width: 10, left: true },
  { title: "MAE", width: 9 },
  { title: "RMSE", width: 9 },
  { title: "MASE", width: 7 },
  { title: "last value, RMSE", width: 16 },
  { title: "MASE", width: 7 },
  { title: "seasonal, RMSE", width: 14 },
  { title: "MASE", width: 7 },
  { title: "in band", width: 8 },
  { title: "width", width: 9 },
];

/** A line for each step ahead, of many the first and last, and one for all of them. */
function stepLines(title: string, errors: HorizonErrors | null, { bands }: ForecastRun): string[] {
  if (!errors) return [];
  const shown = bands ? columns : columns.slice(0, -2);
  const line = (name: string, { model, lastValue, seasonal, coverage, width }: JudgedForecasts) =>
    tableRow(shown, [
      name,
      formatNumber(model.mae),
      ...[model, lastValue, seasonal].flatMap((each) => [
        formatNumber(each?.rmse),
        formatNumber(each?.mase, 3),
      ]),
      formatPercent(coverage),
      formatNumber(width),
    ]);
  const { steps, all } = errors;
  const listed = steps.flatMap((step, i) =>
    i < 12 || i === steps.length - 1 ? [line(i === 0 ? "1 step" : `${i + 1} steps`, step)] : [],
  );
  if (steps.length > 13) listed.splice(12, 0, "  ...");
  const [head = "", ...others] = [tableHead(shown), ...listed];
  return [
    `  ${title}${head.slice(2 + title.length)}`,
    ...others,
    ...(steps.length > 1 ? [line("all", all)] : []),
    ...(bands ? [`  the bands should hold ${formatPercent(bands.nominal)}`] : []),
  ];
}

function aheadLines({ ahead }: ForecastRun): string[] {
  if (!ahead) return [];
  const { lower, upper } = ahead;
  return [
    `  ${ahead.values.length} ahead, ${ahead.strategy}`,
    ...ahead.values.map((value, i) => {
      const band =
        lower && upper ? `  (${formatNumber(lower[i], 6)} to ${formatNumber(upper[i], 6)})` : "";
      return `  ${ahead.at[i]}  ${formatNumber(value, 6)}${band}`;
    }),
  ];
}
