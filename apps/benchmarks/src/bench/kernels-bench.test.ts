import { expect, test } from "vitest";
import { UsageError } from "../terminal/usage-error.ts";
import { recurrentFlops } from "./flops.ts";
import { goalFraction, kernelCases, kernelShapes, summarize } from "./kernels-bench.ts";
import { recurrentOps } from "./recurrent-ops.ts";

const names = (filter: string) =>
  kernelCases({ filter }).flatMap(({ op, shapeName, passes }) =>
    passes.map((pass) => `${op.name} ${shapeName} ${pass}`),
  );

test("without a filter: every operation on every shape in every pass", () => {
  expect(names("").length).toBe(recurrentOps.length * Object.keys(kernelShapes).length * 4);
});

test("each word of a filter leaves what has it as a whole word", () => {
  expect(names("lstm imdb")).toEqual(
    ["inference", "forward", "backward", "train"].map((pass) => `lstm imdb ${pass}`),
  );
  expect(names("train  gru big")).toEqual(["gru big train"]);
  expect(names("gru").length).toBe(12);
});

test("a filter that leaves nothing is refused with the words it knows", () => {
  expect(() => kernelCases({ filter: "lstm tiny" })).toThrow(UsageError);
  expect(() => kernelCases({ filter: "lstm tiny" })).toThrow(
    /--filter: expected words of simple_rnn, lstm, .* train, got "lstm tiny"/,
  );
});

test("own shapes take the place of the usual ones and are called by their sizes", () => {
  const shapes = [{ B: 1, T: 2, I: 3, H: 4, dx: true }];
  const [only, ...others] = kernelCases({ filter: "lstm", shapes });
  expect([only?.shapeName, only?.shape]).toEqual(["1×2×3×4", shapes[0]]);
  expect(others).toEqual([]);
});

test("GFLOP/s is the count over the median, the fraction that of each round's own peak", () => {
  const shape = { B: 1, T: 1, I: 1, H: 500, dx: true };
  const flops = recurrentFlops(shape, 4, "train");
  // The machine slows down by half in the third round: the kernel's share stays what it was.
  const measured = [1, 1, 2].map((slower) => ({
    ...{ inference: slower, forward: 2 * slower, backward: 3 * slower, train: 5 * slower },
    peak: 50 / slower,
  }));
  const row = summarize(measured, flops, "train", 2);
  expect([row.rounds, row.medianMs]).toEqual([3, 5]);
  expect(row.p95Ms).toBeAllclose(9.5, { rtol: 1e-12 });
  expect(row.gflop).toBe(flops / 1e9);
  // ms · 1e6 are the operations of 1 GFLOP/s.
  expect(row.gflops).toBeAllclose(flops / (5 * 1e6), { rtol: 1e-12 });
  expect(row.peakGflops).toBe(50);
  expect(row.fractionOfPeak).toBeAllclose(flops / (5 * 1e6) / (2 * 50), { rtol: 1e-12 });
});

test("a goal is a share of SIMD128's peak, said as a share of the peak that fractions are of", () => {
  const peakGflops = { simd128: 40, relaxed: 50 };
  expect(goalFraction(1, { peakGflops, peakOf: "simd128" })).toBeCloseTo(0.7, 12);
  expect(goalFraction(1, { peakGflops, peakOf: "relaxed-simd" })).toBeCloseTo(0.56, 12);
  expect(goalFraction(3, { peakGflops, peakOf: "simd128" })).toBeNull();
});
