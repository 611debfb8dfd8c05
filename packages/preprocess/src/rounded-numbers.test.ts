import { afterEach, expect, test, vi } from "vitest";
import { createSequences, prepareData } from "./sequences.ts";
import { slidingWindows } from "./sliding-windows.ts";

const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
afterEach(() => warn.mockClear());

const start = Date.UTC(2024, 0, 1);
const dated = Array.from({ length: 6 }, (_, i) => [i, start + i * 1000]);
const options = { windowLength: 2 };

test("a timestamp that float32 does not hold is told once a call, with its place", () => {
  const calls: [string, () => unknown][] = [
    ["slidingWindows", () => slidingWindows(dated, options)],
    ["createSequences", () => createSequences(dated, 2)],
    ["prepareData", () => prepareData(dated, 2, 1)],
    [
      "slidingWindows targets",
      () =>
        slidingWindows([1, 2, 3, 4, 5, 6], { ...options, targets: dated.map(([, time]) => time) }),
    ],
  ];
  for (const [who, call] of calls) {
    warn.mockClear();
    call();
    expect(warn).toHaveBeenCalledTimes(1);
    const [said] = warn.mock.calls[0];
    const column = who.endsWith("targets") ? 0 : 1;
    expect(said).toContain(
      `${who}: ${start} in row 0, column ${column} becomes ${Math.fround(start)} in`,
    );
  }
});

test("nothing is told of what float32 holds, of fractions, or where a dtype was asked for", () => {
  slidingWindows([2 ** 24, 2 ** 24 + 2, 2 ** 40, 0.1], options);
  slidingWindows(Float32Array.of(start, start, start), options);
  slidingWindows(Int32Array.of(2 ** 24 + 1, 1, 1), options);
  for (const dtype of ["float32", "float64"] as const) slidingWindows(dated, { ...options, dtype });
  expect(warn).not.toHaveBeenCalled();
});
