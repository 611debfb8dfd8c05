import { expect, test } from "vitest";
import { ratioOf, ratioText } from "./ratio.ts";

test("a ratio is taken turn by turn: a machine that halves its speed changes none", () => {
  expect(ratioOf([1, 2, 4], [2, 4, 8])).toEqual({ median: 0.5, low: 0.5, high: 0.5, least: 0.5 });
});

test("its range is what eight turns in ten lie between, so one odd turn is not in it", () => {
  const odd = [100, ...Array.from({ length: 20 }, (_, i) => 1 + i / 20)];
  const { median, low, high } = ratioOf(
    odd,
    odd.map(() => 1),
  );
  expect(median).toBeCloseTo(1.5, 12);
  expect(low).toBeCloseTo(1.1, 12);
  expect(high).toBeCloseTo(1.9, 12);
});

test("a turn that one side lacks is not counted", () => {
  expect(ratioOf([3, 3], [1]).median).toBe(3);
});

test("the least times stand beside each other, whatever turn they were in", () => {
  expect(ratioOf([9, 3, 9], [2, 8, 8]).least).toBe(1.5);
});

test("it is said with its range", () => {
  expect(ratioText({ median: 0.934, low: 0.9, high: 1.045, least: 0.91 })).toBe(
    "0.93 (0.90-1.04) 0.91",
  );
  expect(ratioText({ median: 12.4, low: 9.5, high: 15, least: 9.5 })).toBe("12 (9.50-15) 9.50");
});
