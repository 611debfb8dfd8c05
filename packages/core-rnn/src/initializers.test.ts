import { loadLayerCase, numbers } from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import { cellOf } from "./cell-of.ts";
import { cellKinds } from "./cell-table.ts";
import {
  glorotUniform,
  initialParams,
  ones,
  uniform,
  unitForgetBias,
  zeros,
} from "./initializers.ts";
import { lstmCell } from "./lstm-cell.ts";
import { seededRandom } from "./random.ts";
import { stackedCells } from "./stacked-cells.ts";

test("glorotUniform fills ±√(6/(fanIn + fanOut)) evenly", () => {
  const limit = Math.sqrt(6 / (50 + 250));
  const w = glorotUniform([50, 250], seededRandom(1));
  const largest = Math.max(...w.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(limit);
  expect(largest).toBeGreaterThan(0.999 * limit);
  // variance limit²/3
  const variance = w.reduce((sum, x) => sum + x * x, 0) / w.length;
  expect(variance).toBeAllclose(limit ** 2 / 3, { rtol: 0.03 });
});

test("uniform stays within its limits, zeros and ones are just that", () => {
  const w = uniform([3, 500], seededRandom(1), { min: 2, max: 3 });
  expect([w.length, w.every((x) => x >= 2 && x < 3)]).toEqual([1500, true]);
  expect(() => uniform([1], seededRandom(1), { min: 1, max: 0 })).toThrow("got 1 and 0");
  expect(zeros([2, 2])).toEqual(Float64Array.of(0, 0, 0, 0));
  expect(ones([3])).toEqual(Float64Array.of(1, 1, 1));
});

test("unitForgetBias is the bias that Keras itself initialised", () => {
  const bias = loadLayerCase("lstm_unit_forget_bias_init").weights[2];
  expect(unitForgetBias(3)).toEqual(numbers(bias));
});

test("initialParams fits its cell, differs with the seed, and obeys its options", () => {
  const sizes = { inputSize: 3, units: 4 };
  for (const cell of cellKinds.map((kind) => cellOf(kind, sizes))) {
    const params = initialParams(cell, { seed: 1 });
    expect(() => cell.checkParams(params)).not.toThrow();
    expect(initialParams(cell, { seed: 1 })).toEqual(params);
    expect(initialParams(cell, { seed: 2 }).kernel).not.toEqual(params.kernel);
    expect(initialParams(cell, { useBias: false }).bias).toBeUndefined();
  }
  const lstm = lstmCell(sizes);
  expect(initialParams(lstm).bias).toEqual(unitForgetBias(4));
  expect(initialParams(lstm, { unitForgetBias: false }).bias).toEqual(new Float64Array(16));
  expect(() => initialParams(stackedCells([lstm]))).toThrow("expected a single cell, got a stack");
});
