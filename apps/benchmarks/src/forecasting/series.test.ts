import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { csvSeries, namedSeries, seriesNames } from "./series.ts";

test("the sunspots are the 309 yearly values of 1700 to 2008", () => {
  const { values, at, synthetic, gapsFilled } = namedSeries("sunspots", 1);
  expect([values.length, at[0], at.at(-1)]).toEqual([309, 1700, 2008]);
  expect([...values.slice(0, 3), values.at(-1)]).toEqual([5, 11, 16, 2.9]);
  expect([synthetic, gapsFilled]).toEqual([false, 0]);
});

test("every embedded series has one finite value and one point in time a row", () => {
  for (const name of seriesNames) {
    const { values, at, axis } = namedSeries(name, 1);
    expect(values.length).toBeGreaterThan(300);
    expect(at.length).toBe(values.length);
    expect(values.every(Number.isFinite)).toBe(true);
    const times = at.map((point) => (axis.kind === "date" ? Date.parse(String(point)) : point));
    expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  }
});

test("the sine is called synthetic and follows the seed", () => {
  const { values, synthetic, source } = namedSeries("sine", 3);
  expect(synthetic).toBe(true);
  expect(source).toMatch(/^generated: .*seed 3$/);
  expect(namedSeries("sine", 3).values).toEqual(values);
  expect(namedSeries("sine", 4).values).not.toEqual(values);
});

test("an unknown series names those there are", () => {
  expect(() => namedSeries("moon", 1)).toThrow("expected one of sine, sunspots, co2, temperature");
});

test("a CSV file's series is named by its column, its time is the row", () => {
  const path = join(mkdtempSync(join(tmpdir(), "rnnkit-series-")), "prices.csv");
  writeFileSync(path, "day,close\nmon,3\ntue,4\n");
  const { name, title, at, valueLabel } = csvSeries(path, { column: "close" });
  expect({ name, title, at, valueLabel }).toEqual({
    name: "csv",
    title: "close of prices.csv",
    at: [0, 1],
    valueLabel: "close",
  });
});
