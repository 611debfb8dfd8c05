import fc from "fast-check";
import { expect, test } from "vitest";
import { guessSeason } from "./season.ts";
import { namedSeries } from "./series.ts";

const DAY = 86_400_000;
const numbers = { label: "t", kind: "number" } as const;
const dates = { label: "t", kind: "date" } as const;
const noise = (t: number) => ((t * 7919) % 104_729) / 104_729 - 0.5;

function guessed(n: number, value: (t: number) => number, date?: (t: number) => Date) {
  const values = Float64Array.from({ length: n }, (_, t) => value(t));
  const at = Array.from(values, (_, t) => date?.(t).toISOString().slice(0, 10) ?? t);
  return guessSeason({ values, at, axis: date ? dates : numbers }, n);
}

test("the embedded series have the seasons that they are known for", () => {
  const seasonOf = (name: string) => {
    const series = namedSeries(name, 1);
    return guessSeason(series, Math.floor(series.values.length * 0.8));
  };
  expect(seasonOf("sunspots")).toEqual({ length: 11, source: "autocorrelation" });
  expect(seasonOf("co2")).toEqual({ length: 52, source: "dates" });
  expect(seasonOf("temperature")).toEqual({ length: 365, source: "dates" });
  expect(seasonOf("sine")?.length).toBeGreaterThan(48);
  expect(seasonOf("sine")?.length).toBeLessThan(52);
});

test("weeks, working weeks, years of months and quarters are found by the dates, on a trend too", () => {
  const day = (t: number) => new Date(Date.UTC(2020, 0, 6) + t * DAY);
  const weekday = (t: number) => day(7 * Math.floor(t / 5) + (t % 5));
  const month = (step: number) => (t: number) => new Date(Date.UTC(2001, step * t, 1));
  const wave = (season: number) => (t: number) =>
    t / 9 + 3 * Math.sin((2 * Math.PI * t) / season) + noise(t);
  expect(guessed(200, wave(7), day)).toEqual({ length: 7, source: "dates" });
  expect(guessed(200, wave(5), weekday)).toEqual({ length: 5, source: "dates" });
  expect(guessed(90, wave(12), month(1))).toEqual({ length: 12, source: "dates" });
  expect(guessed(60, wave(4), month(3))).toEqual({ length: 4, source: "dates" });
});

test("noise, straight lines, constants and few points have no season", () => {
  const draws = [...Array(300)].map((_, t) => noise(t * t + 11 * t));
  expect(guessed(300, (t) => draws[t]!)).toBeNull();
  expect(guessed(100, (t) => 3 * t)).toBeNull();
  expect(guessed(100, () => 5)).toBeNull();
  expect(guessed(2, (t) => t)).toBeNull();
});

test("a season is guessed from the first points alone, in any unit", () => {
  const later = fc.array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), {
    minLength: 40,
    maxLength: 40,
  });
  fc.assert(
    fc.property(later, fc.constantFrom(1, 1e-300, 1e299), (changed, unit) => {
      const wave = Array.from({ length: 80 }, (_, t) => Math.sin((2 * Math.PI * t) / 8) * unit);
      const values = Float64Array.from([...wave, ...changed]);
      const at = Array.from(values, (_, t) => t);
      expect(guessSeason({ values, at, axis: numbers }, 80)).toEqual({
        length: 8,
        source: "autocorrelation",
      });
    }),
    { numRuns: 30 },
  );
});
