import { expect, test } from "vitest";
import { formatEta, formatNumber, formatPercent, formatSeconds } from "./format.ts";

test("numbers keep their significant digits and no exponent at everyday sizes", () => {
  const cases: [number | null, string][] = [
    [21.4567, "21.46"],
    [0.012345, "0.01235"],
    [0.7, "0.7000"],
    [12345.6, "12346"],
    [0, "0.0000"],
    [-2.7654, "-2.765"],
    [1e-7, "1.000e-7"],
    [Number.NaN, "NaN"],
    [null, "–"],
  ];
  for (const [value, text] of cases) expect(formatNumber(value)).toBe(text);
});

test("shares are percent, times are what a clock says", () => {
  expect(formatPercent(0.8125)).toBe("81.3 %");
  expect(formatSeconds(0.837)).toBe("0.84 s");
  expect(formatSeconds(59.96)).toBe("60.0 s");
  expect(formatSeconds(245)).toBe("4 min 05 s");
  expect(formatSeconds(7380)).toBe("2 h 03 min");
  expect(formatEta(11.2)).toBe("12 s");
  expect(formatEta(245)).toBe("4 min 05 s");
});
