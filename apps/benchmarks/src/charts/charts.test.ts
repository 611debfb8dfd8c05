import fc from "fast-check";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { chartSvg } from "../chart-svg.ts";
import { sampleForecast, sampleSentiment } from "../sample-results.ts";
import type { Chart } from "./chart.ts";
import { forecastChart } from "./forecast-chart.ts";
import { historyChart, trainingChart } from "./history-chart.ts";
import { thin } from "./line-marks.ts";

test("a thinned line keeps its order, its extremes and no more than was asked", () => {
  const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 40 }), (numbers, most) => {
      const points = numbers.map((value, at) => ({ at, value }));
      const kept = thin(points, most);
      expect(kept.length).toBeLessThanOrEqual(Math.max(most, 1));
      const at = kept.map((point) => point.at);
      expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
      const extremes = (list: { value: number }[]) => {
        const all = list.map((point) => point.value);
        return [Math.min(...all), Math.max(...all)];
      };
      expect(extremes(kept)).toEqual(extremes(points));
    }),
  );
});

test("axes carry labels with their units", () => {
  const texts = (chart: Chart) =>
    [...parseHTML(chartSvg(chart, 920)).document.querySelectorAll("text")].map(
      (text) => text.textContent,
    );
  expect(texts(historyChart([sampleSentiment("lstm")], "accuracy"))).toEqual(
    expect.arrayContaining(["↑ accuracy (% of reviews)", "epoch →"]),
  );
  expect(texts(historyChart([sampleSentiment("lstm")], "loss"))).toContain(
    "↑ loss (binary cross-entropy, nats)",
  );
  expect(texts(forecastChart(sampleForecast()))).toEqual(
    expect.arrayContaining(["↑ sunspot number", "year →", "test part →"]),
  );
});

test("dates make a time axis", () => {
  const run = sampleForecast();
  run.data.axis = { label: "date", kind: "date" };
  run.train.at = ["2012-01-01", "2012-01-02", "2012-01-03"];
  run.test.at = ["2012-01-04", "2012-01-05", "2012-01-06"];
  expect(chartSvg(forecastChart(run), 920)).toMatch(/Jan/);
});

/** Each drawn line: its colour, whether it is dashed, and how many points it has. */
function linesOf(chart: Chart) {
  const paths = [
    ...parseHTML(chartSvg(chart, 450)).document.querySelectorAll('g[aria-label="line"]'),
  ];
  return paths.map((group) => ({
    stroke: group.getAttribute("stroke"),
    dashed: group.getAttribute("stroke-dasharray") !== null,
    points: (group.querySelector("path")?.getAttribute("d") ?? "").split(/[ML]/).length - 1,
  }));
}

test("the histories of all cells are in one chart: a colour a cell, training solid, validation dashed", () => {
  const runs = ["simple_rnn", "lstm", "gru", "bidirectional_lstm"].map(sampleSentiment);
  for (const measure of ["accuracy", "loss"] as const) {
    expect(linesOf(historyChart(runs, measure))).toEqual(
      runs.flatMap((_, i) =>
        [false, true].map((dashed) => ({
          stroke: `var(--ink-cell-${i + 1})`,
          dashed,
          points: 3,
        })),
      ),
    );
  }
});

test("a cell that was interrupted has its own, shorter line, and the axis is the longest one's", () => {
  const [whole, cut] = [sampleSentiment("lstm"), sampleSentiment("gru")];
  cut.epochs.pop();
  Object.assign(cut.epochs[1]!, { validationLoss: null });
  const chart = historyChart([cut, whole], "loss");
  expect(linesOf(chart).map(({ points }) => points)).toEqual([2, 1, 3, 3]);
  const { document } = parseHTML(chartSvg(chart, 450));
  // First the dot of one point, for a line of one point cannot be seen; then the cells' symbols.
  const symbols = [...document.querySelectorAll('g[aria-label="dot"]:not([fill="transparent"])')];
  expect(symbols.map(({ children }) => children.length)).toEqual([1, 2, 1, 3, 3]);
  const ticks = [...document.querySelectorAll('g[aria-label="x-axis tick label"] text')];
  expect(ticks.map((tick) => tick.textContent)).toEqual(["1", "2", "3"]);
});

test("a training chart has a dashed line where there was a validation", () => {
  const { epochs } = sampleForecast();
  expect(
    linesOf(trainingChart("series", epochs, "loss")).filter(({ points }) => points > 0),
  ).toEqual([{ stroke: "var(--ink-train)", dashed: false, points: 3 }]);
  const validated = epochs.map((epoch) => ({ ...epoch, validationLoss: epoch.loss * 2 }));
  const dashes = linesOf(trainingChart("series", validated, "loss")).map(({ dashed }) => dashed);
  expect(dashes).toEqual([false, true]);
});
