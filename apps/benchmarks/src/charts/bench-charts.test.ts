import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import type { BenchResults } from "../bench/bench-results.ts";
import type { ScalingRow, TimelineRow } from "../bench/bench-rows.ts";
import { renderBenchReport } from "../report/bench.ts";
import { chartSvg } from "../report/chart-svg.ts";
import { sampleResults } from "../sample-results.ts";
import type { Chart } from "./chart.ts";
import { fittedPower, scalingChart } from "./scaling-chart.ts";
import { timelineChart } from "./timeline-chart.ts";

const texts = (chart: Chart, what = "text") =>
  [...parseHTML(chartSvg(chart, 920)).document.querySelectorAll(what)].map(
    ({ textContent }) => textContent,
  );

/** A cost of 3 ms a call, and 0.01 T^1.5 more. */
function scalingRows(): ScalingRow[] {
  return [50, 100, 200, 500, 1000, 2000, 5000].map((T) => ({
    ...{ op: "lstm", axis: "T" as const, shape: { B: 32, T, I: 32, H: 32, dx: false } },
    ...{ rounds: 5, medianMs: T < 500 ? 3 : 0.01 * T ** 1.5, p95Ms: 4, gflops: 10 },
    ...{ exponent: null, trainingBytes: 1000 * T, memoryExponent: null, goalMs: null },
  }));
}

const timeline: TimelineRow = {
  ...{ model: "imdb_lstm", title: "Embedding, LSTM 32, Dense 1", batchSize: 32, totalMs: 20 },
  ...{ rounds: 9, threads: 2, wholeMs: 18 },
  bars: [
    {
      ...{ name: "lstm", phase: "forward", startMs: 0, endMs: 6 },
      kernels: [{ name: "FusedLstm", times: 1 }],
    },
    { name: "loss", phase: "loss", startMs: 6, endMs: 7, kernels: [{ name: "Mul", times: 3 }] },
    { name: "lstm", phase: "backward", startMs: 7, endMs: 19, kernels: [] },
    { name: "Adam", phase: "optimizer", startMs: 19.2, endMs: 20, kernels: [] },
  ],
};

test("a power that is one comes out, whatever its factor", () => {
  for (const exponent of [0, 1, 2.5]) {
    const points = [3, 10, 80].map((size) => [size, 7 * size ** exponent] as const);
    const fit = fittedPower(points);
    expect(fit.exponent).toBeCloseTo(exponent, 10);
    expect(fit.at(20)).toBeCloseTo(7 * 20 ** exponent, 8);
  }
});

test("the exponent at the line is that of the larger half of the sizes, which the line spans", () => {
  const chart = scalingChart(scalingRows(), "T", "medianMs")!;
  expect(texts(chart)).toContain("time ∝ T^1.50");
  expect(chart.label).toBe(
    "lstm: milliseconds of a training step over steps T, 50 to 5000; time ∝ T^1.50 from 500 on",
  );
  const dots = texts(chart, "circle title");
  expect(dots.length).toBe(7);
  expect(dots).toContain("T 100: 3.000 ms, 95 % of the rounds below 4.000");
  expect(texts(chart, 'g[aria-label="x-axis tick label"] text')).toEqual([
    "50",
    "100",
    "200",
    "500",
    "1000",
    "2000",
    "5000",
  ]);
  expect(texts(scalingChart(scalingRows(), "T", "trainingBytes")!)).toContain("memory ∝ T^1.00");
});

test("sizes that are no round numbers have their names at the axis too", () => {
  const rows = scalingRows().map((row, i) => ({
    ...row,
    axis: "H" as const,
    shape: { ...row.shape, H: 8 * 2 ** i },
  }));
  const chart = scalingChart(rows, "H", "medianMs")!;
  expect(texts(chart, 'g[aria-label="x-axis tick label"] text')).toEqual(
    rows.map(({ shape }) => String(shape.H)),
  );
  expect(texts(chart)).toContain("units H (and inputs) →");
});

test("a size that was not varied has no chart", () => {
  expect(scalingChart(scalingRows(), "B", "medianMs")).toBeNull();
  expect(scalingChart(scalingRows().slice(0, 1), "T", "medianMs")).toBeNull();
});

test("a timeline has a bar a stretch, from its beginning to its end, and says what ran in it", () => {
  const chart = timelineChart(timeline);
  const { document } = parseHTML(chartSvg(chart, 920));
  const bars = [...document.querySelectorAll('g[aria-label="bar"] rect')].map((bar) => {
    const [x, width] = ["x", "width"].map((name) => Number(bar.getAttribute(name)));
    const ms = (at: number) => ((at - 12) / (900 - 12)) * 20;
    return [ms(x!), ms(x! + width!)];
  });
  timeline.bars.forEach(({ startMs, endMs }, i) => {
    expect(bars[i]![0]).toBeCloseTo(startMs, 1);
    expect(bars[i]![1]).toBeCloseTo(endMs, 1);
  });
  expect(texts(chart, "rect title")).toEqual([
    "lstm, forward: 6.00 ms, 30.0 %; kernels: FusedLstm",
    "loss: 1.00 ms, 5.0 %; kernels: 3 Mul",
    "lstm, backward: 12.0 ms, 60.0 %",
    "Adam, optimizer: 0.800 ms, 4.0 %",
  ]);
});

test("a bench's report says how it was measured, and refuses what has no pictures", () => {
  const { environment, startedAt } = sampleResults();
  const results = (command: string, rows: object[]) =>
    ({
      ...{ schemaVersion: 1, command, status: "complete", error: null, startedAt, seconds: 3 },
      ...{ options: {}, environment: { ...environment, threads: 2 }, rows },
    }) as unknown as BenchResults;
  const drawn = parseHTML(renderBenchReport(results("bench timeline", [timeline]))).document;
  expect(drawn.querySelector("main p")?.textContent).toContain("Measured layer by layer");
  expect(drawn.querySelector("main p")?.textContent).toContain(
    "1.000 ms, tfjs keeps its books".replace("1.000", "0.200"),
  );
  expect(drawn.querySelectorAll("script").length).toBe(0);
  const scaling = parseHTML(renderBenchReport(results("bench scaling", scalingRows()))).document;
  expect(scaling.querySelectorAll(".wide svg").length).toBe(2);
  expect(() => renderBenchReport(results("bench stream", []))).toThrow(
    "report: expected one of bench scaling, bench timeline, got bench stream",
  );
});
