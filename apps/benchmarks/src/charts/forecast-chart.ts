import * as Plot from "@observablehq/plot";
import type { ForecastPart, ForecastRun } from "../results.ts";
import { formatNumber } from "../terminal/format.ts";
import { type Chart, plotWidth, type Size } from "./chart.ts";
import { BASELINE_DASHES, ink, SEASONAL_DASHES } from "./ink.ts";
import { type Column, hoverColumns, line, type Point, thin, thinBand } from "./line-marks.ts";

/** What of a forecast is drawn. */
export type DrawnForecast = {
  data: Pick<ForecastRun["data"], "title" | "valueLabel" | "axis">;
} & Pick<ForecastRun, "train" | "test" | "rmse" | "baselineRmse" | "ahead"> &
  Partial<Pick<ForecastRun, "bands" | "walkForward">>;

// More steps than these of a test part cannot be told apart.
const MOST_TEST_POINTS = 240;

/**
 * The whole series, the model's forecasts over its training and its test part, with their bands where
 * there are some, and beyond its end; where the folds of a walk-forward evaluation begin.
 */
export function forecastChart(run: DrawnForecast): Chart {
  const { train, test } = run;
  const columns = [...said(train, run, "training part"), ...said(test, run, "test part")];
  const { rmse, baselineRmse } = run;
  return {
    label:
      `${run.data.title}: actual and predicted values, training and test part` +
      (rmse
        ? `; root mean squared error ${formatNumber(rmse.test)} on the test part, ` +
          `${formatNumber(baselineRmse.test)} of the last value`
        : "") +
      (run.walkForward ? `; ${run.walkForward.folds.length} walk-forward folds` : ""),
    span: "full",
    options: (size) => ({
      height: size.narrow ? 260 : 320,
      x: timeScale(run),
      y: { label: run.data.valueLabel, grid: true, nice: true },
      marks: [
        testRegion(run),
        band(test, run),
        band(run.ahead, run),
        foldMarks(run, size),
        line([...points(train, train.actual, run), ...points(test, test.actual, run)], ink.actual),
        train.predicted ? line(points(train, train.predicted, run), ink.train) : null,
        test.predicted ? line(points(test, test.predicted, run), ink.test) : null,
        ...beyond(run),
        testRegionName(run, size),
        hoverColumns([...columns, ...saidAhead(run)], size),
      ],
    }),
  };
}

/**
 * What was wrong at each step, actual less predicted, a stick a step: on the time axis of `forecastChart`,
 * to stand beneath it. Null before the model has predicted.
 */
export function residualChart(run: DrawnForecast): Chart | null {
  const { train, test, rmse } = run;
  if (train.predicted === null || test.predicted === null) return null;
  const residuals = (part: ForecastPart) =>
    points(
      part,
      part.actual.map((value, i) => value - (part.predicted?.[i] as number)),
      run,
    );
  const [ofTrain, ofTest] = [residuals(train), residuals(test)];
  const all = [...ofTrain, ...ofTest];
  const largest = all.reduce((most, point) =>
    Math.abs(point.value) > Math.abs(most.value) ? point : most,
  );
  return {
    label:
      `${run.data.title}: residuals, actual less predicted` +
      `; the largest ${formatNumber(largest.value)} at ${saidAt(largest.at)}` +
      (rmse
        ? `, root mean squared error ${formatNumber(rmse.train)} in training, ${formatNumber(rmse.test)} in the test part`
        : ""),
    span: "full",
    options: (size) => {
      const [train, test] = [thin(ofTrain), thin(ofTest)];
      const drawn = train.length + test.length;
      const stick = Math.max(0.6, Math.min(3, (0.7 * plotWidth(size)) / drawn));
      return {
        height: size.narrow ? 150 : 170,
        x: timeScale(run),
        y: { label: `residual (${run.data.valueLabel})`, grid: true, nice: true, ticks: 5 },
        marks: [
          testRegion(run),
          sticks(train, ink.train, stick),
          sticks(test, ink.test, stick),
          Plot.ruleY([0], { stroke: "currentColor" }),
          hoverColumns(
            all.map(({ at, value }) => ({
              at,
              title: () => `${saidAt(at)}: residual ${formatNumber(value)}`,
            })),
            size,
          ),
        ],
      };
    },
  };
}

/**
 * The test part alone: actual and predicted, and what the last value would have said where
 * **lastValue** asks for it. A long part is shown by its end: single steps must stay visible.
 */
export function testChart(run: DrawnForecast, lastValue: boolean): Chart {
  const { test } = run;
  const first = Math.max(0, test.actual.length - MOST_TEST_POINTS);
  const last = (values: number[]) => points(test, values, run).slice(first);
  const { rmse, baselineRmse } = run;
  return {
    label:
      `${run.data.title}: test part, actual${lastValue ? ", predicted and last value" : " and predicted"}` +
      (rmse
        ? `; root mean squared error ${formatNumber(rmse.test)}` +
          (lastValue ? `, ${formatNumber(baselineRmse.test)} of the last value` : "")
        : ""),
    span: "full",
    options: (size) => ({
      height: size.narrow ? 240 : 300,
      x: timeScale(run, [position(test.at[first] as number | string, run), testSpan(run).to]),
      y: { label: run.data.valueLabel, grid: true, nice: true },
      marks: [
        band(tail(test, first), run),
        test.seasonal && lastValue
          ? line(last(test.seasonal), ink.seasonal, { strokeDasharray: SEASONAL_DASHES })
          : null,
        lastValue
          ? line(last(test.lastValue), ink.baseline, { strokeDasharray: BASELINE_DASHES })
          : null,
        line(last(test.actual), ink.actual),
        test.predicted ? line(last(test.predicted), ink.test, { strokeWidth: 2.2 }) : null,
        hoverColumns(said(test, run).slice(first), size),
      ],
    }),
  };
}

/** The part from its n-th point on. */
function tail(part: ForecastPart, n: number): Banded {
  const { at, lower, upper } = part;
  return { at: at.slice(n), lower: lower?.slice(n) ?? null, upper: upper?.slice(n) ?? null };
}

/** How many of a test part's points `testChart` draws. */
export function shownTestPoints(points: number): number {
  return Math.min(points, MOST_TEST_POINTS);
}

/** The test part as a shaded band. */
function testRegion(run: DrawnForecast): Plot.Markish {
  const region = [testSpan(run)];
  return [
    Plot.rect(region, { x1: "from", x2: "to", fill: ink.test, fillOpacity: 0.09 }),
    Plot.ruleX(region, {
      ...{ x: "from", stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "2,4" },
    }),
  ];
}

/** The band's name, at its left end, or where there is little room at its right one. */
function testRegionName(run: DrawnForecast, { narrow }: Size): Plot.Markish {
  return Plot.text([testSpan(run)], {
    x: narrow ? "to" : "from",
    text: () => "test part →",
    ...{ frameAnchor: "top", textAnchor: narrow ? "end" : "start", lineAnchor: "top" },
    ...{ dx: narrow ? -3 : 6, dy: 3, fill: "currentColor", stroke: ink.card, strokeWidth: 4 },
  });
}

function testSpan(run: DrawnForecast): { from: number | Date; to: number | Date } {
  const { at } = run.test;
  return {
    from: position(at[0] as number | string, run),
    to: position(at.at(-1) as number | string, run),
  };
}

type Banded = Pick<ForecastPart, "at" | "lower" | "upper">;

/** Between the lower and the upper ends of forecasts. */
function band(part: Banded | null, run: DrawnForecast): Plot.Markish {
  if (!part?.lower || !part.upper) return null;
  const { at, lower, upper } = part;
  const ends = at.map((at, i) => ({
    ...{ at: position(at, run), lower: lower[i] as number, upper: upper[i] as number },
  }));
  return Plot.areaY(thinBand(ends), {
    ...{ x: "at", y1: "lower", y2: "upper", fill: ink.test, fillOpacity: 0.25 },
  });
}

/** A line where each fold's stretch begins, and its number. */
function foldMarks(run: DrawnForecast, size: Size): Plot.Markish {
  const folds = (run.walkForward?.folds ?? []).map(({ test, trainPoints, horizon }, i) => ({
    at: position(test.at[0] as number | string, run),
    name: size.narrow ? String(i + 1) : `fold ${i + 1}`,
    title:
      `fold ${i + 1}, from ${test.at[0]} on: trained on the ${trainPoints} points before, ` +
      `root mean squared error ${formatNumber(horizon.all.model.rmse)}`,
  }));
  return [
    Plot.ruleX(folds, { x: "at", stroke: "currentColor", strokeDasharray: "1,3", title: "title" }),
    Plot.text(folds, {
      ...{ x: "at", text: "name", title: "title", frameAnchor: "bottom", textAnchor: "start" },
      ...{ dx: 3, dy: -4, fill: "currentColor", stroke: ink.card, strokeWidth: 4 },
    }),
  ];
}

function beyond(run: DrawnForecast): Plot.Markish[] {
  const { ahead, test } = run;
  if (!ahead || ahead.values.length === 0) return [];
  const values = ahead.values.map((value, i) => ({
    at: position(ahead.at[i] as number | string, run),
    value,
  }));
  const end = points(test, test.actual, run).slice(-1);
  return [
    line([...end, ...values], ink.test, { strokeDasharray: "4,3", strokeWidth: 2 }),
    Plot.dot(values, { x: "at", y: "value", r: 2, fill: ink.test }),
  ];
}

function sticks(data: Point[], stroke: string, strokeWidth: number): Plot.Markish {
  return Plot.ruleX(data, {
    ...{ x: "at", y1: 0, y2: "value", stroke, strokeWidth },
  });
}

function said(part: ForecastPart, run: DrawnForecast, where = ""): Column[] {
  return part.at.map((at, i) => {
    const values = () => [
      `actual ${formatNumber(part.actual[i], 6)}`,
      part.predicted ? `predicted ${formatNumber(part.predicted[i], 6)}` : "",
      part.lower && part.upper
        ? `band ${formatNumber(part.lower[i], 6)} to ${formatNumber(part.upper[i], 6)}`
        : "",
      `last value ${formatNumber(part.lastValue[i], 6)}`,
      part.seasonal ? `a season before ${formatNumber(part.seasonal[i], 6)}` : "",
      where,
    ];
    return {
      at: position(at, run),
      title: () => `${at}: ${values().filter(Boolean).join(", ")}`,
    };
  });
}

function saidAhead(run: DrawnForecast): Column[] {
  const { ahead } = run;
  return (ahead?.values ?? []).map((value, i) => {
    const at = ahead?.at[i] as number | string;
    const ends =
      ahead?.lower &&
      ahead.upper &&
      `band ${formatNumber(ahead.lower[i], 6)} to ${formatNumber(ahead.upper[i], 6)}`;
    const said = [`forecast ${formatNumber(value, 6)}`, ends, "beyond the data"];
    const title = `${at}: ${said.filter(Boolean).join(", ")}`;
    return { at: position(at, run), title: () => title };
  });
}

function points(part: ForecastPart, values: number[], run: DrawnForecast): Point[] {
  return values.map((value, i) => ({ at: position(part.at[i] as number | string, run), value }));
}

function position(at: number | string, run: DrawnForecast): number | Date {
  return run.data.axis.kind === "date" ? new Date(at) : Number(at);
}

/** The last place of the time axis: the end of the test part, or of what is forecast beyond it. */
function lastPosition(run: DrawnForecast): number | Date {
  return position((run.ahead?.at.at(-1) ?? run.test.at.at(-1)) as number | string, run);
}

function saidAt(at: number | Date): string {
  return typeof at === "number" ? String(at) : at.toISOString().slice(0, 10);
}

function timeScale(
  run: DrawnForecast,
  domain = [position(run.train.at[0] as number | string, run), lastPosition(run)],
): Plot.ScaleOptions {
  const { label, kind } = run.data.axis;
  if (kind === "date") return { type: "utc", label, domain };
  // Years and steps: there is nothing between whole numbers.
  return { label, domain, tickFormat: (at: number) => (Number.isInteger(at) ? String(at) : "") };
}
