import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderComparisons } from "../compare/report.ts";
import { sampleComparison } from "../compare/sample-comparison.ts";
import { cellNames, type TrainedRun } from "../compare/schema.ts";
import { chartSvg } from "../report/chart-svg.ts";
import type { Chart } from "./chart.ts";
import { scoreTimeChart } from "./score-time-chart.ts";
import { stepTimeChart } from "./step-time-chart.ts";

const drawn = (chart: Chart) => parseHTML(chartSvg(chart, 920)).document;
const texts = (chart: Chart, what: string) =>
  [...drawn(chart).querySelectorAll(what)].map(({ textContent }) => textContent);

test("step times: a dot a round, a bar from quartile to quartile, a median, the fastest first", () => {
  const [heat] = sampleComparison().heats;
  const chart = stepTimeChart(heat!, "train")!;
  const document = drawn(chart);
  const count = (mark: string) => document.querySelectorAll(`g[aria-label="${mark}"] > *`).length;
  expect([count("dot"), count("rule"), count("tick")]).toEqual([4 * 5, 4, 4]);
  expect(texts(chart, 'g[aria-label="text"] text')).toEqual([
    "fused, wasm, 2 threads: 0.800 ms",
    "fused, wasm, 1 thread: 1.10 ms",
    "stock, wasm: 12.0 ms",
    "stock, cpu: 85.0 ms",
    "fused, webgpu: cannot, webgpu: no GPU adapter",
  ]);
  expect(texts(chart, "title")).toContain("stock, wasm, round 4: 15.6 ms");
  expect(texts(chart, "title")).toContain(
    "stock, wasm: median 12.0 ms, half of the rounds between 11.9 ms and 12.2 ms",
  );
  expect(chart.label).toBe(
    "single lstm: milliseconds of a training step; fused, wasm, 2 threads 0.800 ms, the slowest, stock, cpu, 85.0 ms",
  );
});

test("a heat in which nothing could be measured has no chart", () => {
  const [heat] = sampleComparison().heats;
  const lanes = heat!.lanes.filter(({ outcome }) => outcome === "cannot");
  expect(lanes.length).toBe(1);
  expect(stepTimeChart({ ...heat!, lanes }, "train")).toBeNull();
});

test("every cell that can be compared has a colour and a symbol of its own, in the chart and in the key", () => {
  const comparison = sampleComparison();
  comparison.axes.cells = [...cellNames];
  const [run] = comparison.runs as [TrainedRun];
  comparison.runs = cellNames.map((cell) => ({ ...run, cell }));
  const symbols = [...drawn(scoreTimeChart(comparison)!).querySelectorAll('g[aria-label="dot"]')];
  expect(new Set(symbols.map((dots) => dots.getAttribute("stroke"))).size).toBe(cellNames.length);
  expect(new Set(symbols.map((dots) => dots.querySelector("path")?.getAttribute("d"))).size).toBe(
    cellNames.length,
  );
  const page = renderComparisons([{ name: "a.json", comparison }]);
  const keys = [...page.matchAll(/class="key (cell-\d)"/g)].map(([, name]) => name);
  expect(new Set(keys).size).toBe(cellNames.length);
  for (const name of keys) expect(page).toContain(`.key.${name} { --key: var(--ink-${name}); }`);
});

test("error against time: a line a run, a point an epoch in the series' unit, the baselines beside them", () => {
  const comparison = sampleComparison();
  const chart = scoreTimeChart(comparison)!;
  const document = drawn(chart);
  // Two cells, four variants that work, two seeds.
  expect(document.querySelectorAll('g[aria-label="line"] path').length).toBe(16);
  // The third epoch of seed 1, 5 ms a step and 15 steps: the root of 0.03 / 3 + 0.001, 190.2 units.
  expect(texts(chart, "title")).toContain(
    "single lstm, fused, wasm, 1 thread, seed 1, epoch 3: 19.95 after 0.22 s",
  );
  expect(texts(chart, 'g[aria-label="text"] text')).toEqual([
    "last value 31.20",
    "own deviation 48.90",
  ]);
  const strokes = [...document.querySelectorAll('g[aria-label="line"]')].map((line) => [
    line.getAttribute("stroke"),
    line.hasAttribute("stroke-dasharray"),
  ]);
  expect(new Set(strokes.map(String)).size).toBe(4);
});

test("accuracy is in percent, and times far apart stand on a logarithmic axis", () => {
  const { runs, task, axes } = sampleComparison();
  const [one, other] = runs;
  const epochs = (seconds: number) =>
    one!.epochs.map((epoch) => ({ ...epoch, seconds, validationAccuracy: 0.5 + epoch.epoch / 10 }));
  const chart = scoreTimeChart({
    runs: [
      { ...one!, epochs: epochs(0.1) },
      { ...other!, epochs: epochs(60) },
    ],
    task: { ...task, measure: "accuracy", lossUnit: null, baselines: { "most frequent": 0.5 } },
    axes,
  })!;
  expect(texts(chart, "title").filter((title) => title?.includes("epoch 3"))).toEqual([
    "single lstm, fused, wasm, 1 thread, seed 1, epoch 3: 80.0 % after 0.30 s",
    "single lstm, fused, wasm, 1 thread, seed 2, epoch 3: 80.0 % after 3 min 00 s",
  ]);
  const [first, second] = [...drawn(chart).querySelectorAll('g[aria-label="dot"]')].map((dots) =>
    [...dots.querySelectorAll("circle")].map((dot) => Number(dot.getAttribute("cx"))),
  );
  // On a linear axis the first run would be a thousandth of the second's width.
  const width = (at: number[]) => Math.max(...at) - Math.min(...at);
  expect(width(first!)).toBeCloseTo(width(second!), 0);
});

test("runs that ended no epoch make no chart", () => {
  const { runs, task, axes } = sampleComparison();
  const cannot = runs.filter(({ outcome }) => outcome === "cannot");
  expect(cannot.length).toBeGreaterThan(0);
  expect(scoreTimeChart({ runs: cannot, task, axes })).toBeNull();
});
