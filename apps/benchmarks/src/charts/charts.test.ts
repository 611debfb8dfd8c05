import fc from "fast-check";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { chartSvg } from "../report/chart-svg.ts";
import { sampleForecast, sampleFullForecast, sampleSentiment } from "../sample-results.ts";
import { formatNumber } from "../terminal/format.ts";
import type { Chart } from "./chart.ts";
import { confusionChart } from "./confusion-chart.ts";
import { forecastChart, residualChart, testChart } from "./forecast-chart.ts";
import { historyChart, trainingChart } from "./history-chart.ts";
import { horizonChart } from "./horizon-chart.ts";
import { type Ends, thin, thinBand } from "./line-marks.ts";

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

test("a thinned band has all that lay in it: its ends, its places in order, and its extremes are the band's own", () => {
  const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
  const bands = fc.array(fc.tuple(number, number, fc.nat({ max: 9 })), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(bands, fc.integer({ min: 2, max: 40 }), (drawn, most) => {
      let at = 0;
      const ends = drawn.map(([a, b, step]): Ends => {
        at += step + 1;
        return { at, lower: Math.min(a, b), upper: Math.max(a, b) };
      });
      const kept = thinBand(ends, most);
      expect(kept.length).toBeLessThanOrEqual(most);
      const places = kept.map((end) => Number(end.at));
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
      expect([places[0], places.at(-1)]).toEqual([ends[0]!.at, ends.at(-1)!.at]);
      const extremes = (list: readonly Ends[]) => [
        Math.min(...list.map(({ lower }) => lower)),
        Math.max(...list.map(({ upper }) => upper)),
      ];
      expect(extremes(kept)).toEqual(extremes(ends));
      for (const { at, lower, upper } of ends) {
        // Its stretch's last place, if it is not its own.
        const over = kept[places.findIndex((place) => place >= Number(at))]!;
        expect([over.lower <= lower, upper <= over.upper]).toEqual([true, true]);
      }
    }),
  );
});

test("pictures of a hundred thousand points are as large as those of some thousand", () => {
  const drawn = (points: number) => {
    const run = sampleFullForecast();
    const values = Array.from({ length: points }, (_, i) => Math.sin(i / 50) + (i % 7));
    const part = (from: number) => ({
      at: values.map((_, i) => from + i),
      ...{ actual: values, predicted: values.map((value) => value / 2), lastValue: values },
      ...{ seasonal: null, lower: values.map((value) => value - 1), upper: values },
    });
    Object.assign(run, { train: part(0), test: part(points), ahead: null, walkForward: null });
    return [forecastChart(run), residualChart(run)!, testChart(run, true)].map(
      (chart) => chartSvg(chart, 920).length,
    );
  };
  const few = drawn(5000);
  for (const [i, bytes] of drawn(100_000).entries()) expect(bytes).toBeLessThan(1.1 * few[i]!);
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

const titlesOf = (chart: Chart) =>
  [...parseHTML(chartSvg(chart, 920)).document.querySelectorAll("title")].map(
    ({ textContent }) => textContent,
  );

test("pointing at a place of a forecast says all its values, its band and its part; a fold says what it saw", () => {
  const titles = titlesOf(forecastChart(sampleFullForecast()));
  expect(titles).toContain(
    "1705: actual 58.0000, predicted 50.0000, band 42.0000 to 57.0000, last value 36.0000, a season before 23.0000, test part",
  );
  expect(titles).toContain(
    "1703: actual 23.0000, predicted 24.0000, last value 16.0000, training part",
  );
  expect(titles).toContain("1708: forecast 14.0000, band 8.00000 to 21.0000, beyond the data");
  expect(titles).toContain(
    "fold 1, from 1706 on: trained on the 6 points before, root mean squared error 4.000",
  );
});

test("the test part is a shaded band from its first to its last place, also where values follow it", () => {
  for (const run of [sampleForecast(), sampleFullForecast()]) {
    for (const chart of [forecastChart(run), residualChart(run)!]) {
      const { document } = parseHTML(chartSvg(chart, 920));
      const band = document.querySelector('g[aria-label="rect"] rect');
      const axis = [56, 900] as const;
      const last = run.ahead ? 1710 : 1707;
      const x = (at: number) => axis[0] + ((at - 1702) / (last - 1702)) * (axis[1] - axis[0]);
      const from = Number(band?.getAttribute("x"));
      expect(from).toBeCloseTo(x(1705), 0);
      expect(from + Number(band?.getAttribute("width"))).toBeCloseTo(x(1707), 0);
    }
  }
});

test("bands are drawn where a run has them: over the test part, and over what follows it", () => {
  const areas = (chart: Chart) =>
    parseHTML(chartSvg(chart, 920)).document.querySelectorAll('g[aria-label="area"]').length;
  expect(areas(forecastChart(sampleForecast()))).toBe(0);
  expect(areas(forecastChart(sampleFullForecast()))).toBe(2);
  expect(areas(testChart(sampleFullForecast(), true))).toBe(1);
});

test("residuals stand under the forecast on the same time axis, actual less predicted", () => {
  const run = sampleForecast();
  const residuals = residualChart(run)!;
  const ticks = (chart: Chart) =>
    [...parseHTML(chartSvg(chart, 920)).document.querySelectorAll("g")]
      .filter((group) => group.getAttribute("aria-label") === "x-axis tick label")
      .flatMap((group) => [...group.querySelectorAll("text")])
      .map((text) => [text.textContent, text.getAttribute("transform")?.split(",")[0]]);
  expect(ticks(residuals)).toEqual(ticks(forecastChart(run)));
  // Between whole numbers of steps or years there is none.
  const named = ticks(residuals).flatMap(([name]) => (name ? [name] : []));
  expect(named).toEqual(["1702", "1703", "1704", "1705", "1706", "1707"]);
  expect(titlesOf(residuals)).toEqual(
    ["1", "-1", "2", "8", "-4", "-2"].map(
      (value, i) => `${1702 + i}: residual ${formatNumber(Number(value))}`,
    ),
  );
  run.test.predicted = null;
  expect(residualChart(run)).toBeNull();
});

test("errors by steps ahead stand beside the baselines', and one step alone makes no chart", () => {
  expect(horizonChart(sampleForecast())).toBeNull();
  const chart = horizonChart(sampleFullForecast())!;
  expect(linesOf(chart).map(({ stroke, points }) => [stroke, points])).toEqual([
    ["var(--ink-test)", 2],
    ["var(--ink-baseline)", 2],
    ["var(--ink-seasonal)", 2],
  ]);
  expect(titlesOf(chart)).toContain(
    "2 ahead, model: root mean squared error 5.500 over 2 forecasts",
  );
});

test("a confusion matrix counts each field and says its share of the row", () => {
  const { confusion } = sampleSentiment("lstm").test!;
  const chart = confusionChart("lstm", confusion);
  const { document } = parseHTML(chartSvg(chart, 450));
  const fields = [...document.querySelectorAll('g[aria-label="text"] text')];
  const words = fields.map((field) =>
    [...field.querySelectorAll("tspan")].map(({ textContent }) => textContent),
  );
  expect(words).toEqual([
    ["40", "81.6 %"],
    ["9", "18.4 %"],
    ["10", "19.6 %"],
    ["41", "80.4 %"],
  ]);
  expect(chart.label).toContain(
    "9 of 49 positive reviews were taken for negative, 10 of 51 negative reviews were taken for positive",
  );
});

test("an axis' name that is longer than a phone is wide is cut", () => {
  const run = sampleForecast();
  run.data.valueLabel = "价格".repeat(40);
  const texts = [...parseHTML(chartSvg(forecastChart(run), 320)).document.querySelectorAll("text")];
  const name = texts.find(({ textContent }) => textContent?.startsWith("↑"))?.textContent;
  expect(name).toMatch(/^↑ (价格)+价?…$/);
  expect(name!.length).toBeLessThan(26);
});
