import "@tensorflow/tfjs-backend-cpu";
import { Tensor, tensor2d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { installMissingChainedOps } from "./chained-ops.ts";

interface Chained {
  flatten(): Tensor;
  transpose(): Tensor;
  sign(): Tensor;
  reshape(shape: number[]): Tensor;
  stridedSlice(begin: number[], end: number[], strides: number[]): Tensor;
}

test("missing methods are installed, present ones stay", async () => {
  const methods = Tensor.prototype as unknown as Record<string, unknown>;
  expect(methods.flatten).toBeUndefined();
  const theirs = (): string => "theirs";
  methods.sign = theirs;
  installMissingChainedOps();
  const { flatten } = methods;
  installMissingChainedOps();
  expect(methods.sign).toBe(theirs);
  expect(methods.flatten).toBe(flatten);
  methods.sign = undefined;
  installMissingChainedOps();

  const x = tensor2d([1, -2, 3, -4, 5, -6], [2, 3]) as unknown as Chained;
  expect(x.flatten().arraySync()).toEqual([1, -2, 3, -4, 5, -6]);
  expect(x.transpose().arraySync()).toEqual([
    [1, -4],
    [-2, 5],
    [3, -6],
  ]);
  expect(x.sign().arraySync()).toEqual([
    [1, -1, 1],
    [-1, 1, -1],
  ]);
  expect(x.reshape([3, 2]).arraySync()).toEqual([
    [1, -2],
    [3, -4],
    [5, -6],
  ]);
  const diagonal = (x.flatten() as unknown as Chained).stridedSlice([0], [6], [4]);
  expect(diagonal.arraySync()).toEqual([1, 5]);
});
