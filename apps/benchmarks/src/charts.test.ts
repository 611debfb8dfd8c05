import fc from "fast-check";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { accuracyChart, forecastChart, lossChart, thin } from "./charts.ts";
import { sampleForecast, sampleSentiment } from "./sample-results.ts";

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
  const texts = (svg: string) =>
    [...parseHTML(svg).document.querySelectorAll("text")].map((text) => text.textContent);
  expect(texts(accuracyChart(sampleSentiment("lstm"), 0.4))).toEqual(
    expect.arrayContaining(["↑ accuracy (% of reviews)", "epoch →"]),
  );
  expect(texts(lossChart(sampleSentiment("lstm"), 0.8))).toContain(
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
  expect(forecastChart(run)).toMatch(/Jan/);
});
