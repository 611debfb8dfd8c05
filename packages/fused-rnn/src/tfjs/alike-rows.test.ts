import "@tensorflow/tfjs-backend-cpu";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { lstm } from "../index.ts";
import type { GatedOptions } from "../options.ts";
import { prefixOf } from "./alike-rows.ts";

beforeAll(() => tf.setBackend("cpu"));

const [B, T, I, H] = [2, 4, 3, 5];
const ids = tf.tensor2d([0, 0, 1, 2, 0, 0, 2, 1], [B, T], "int32");
const table = tf.ones([3, I]);
const weightsOf = (width: number) => ({
  kernel: tf.ones([width, 4 * H]),
  recurrentKernel: tf.ones([H, 4 * H]),
});
const over = (options: GatedOptions = {}) => lstm({ ids, table }, weightsOf(I), options).outputs;

test("outputs over a lookup begin alike wherever its ids do, and so do outputs over those", () => {
  const first = over();
  expect(prefixOf(first)).toBe(ids);
  const second = lstm(first, weightsOf(H)).outputs;
  expect(prefixOf(second)).toBe(ids);
  expect(prefixOf(lstm(second, weightsOf(H)).outputs)).toBe(ids);
});

test("not where something is a row's own, nor in the order of a reversed direction", () => {
  const own: GatedOptions[] = [
    { goBackwards: true },
    { reverseOutputs: true },
    { goBackwards: true, reverseOutputs: true },
    { mask: tf.ones([B, T], "bool") },
    { initialState: [tf.ones([B, H]), tf.ones([B, H])] },
    { inputDropoutMask: tf.ones([B, I]) },
    { recurrentDropoutMask: tf.ones([4, B, H]) },
    { returnSequences: false },
  ];
  for (const options of own) expect(prefixOf(over(options))).toBeUndefined();
  const { state } = lstm({ ids, table }, weightsOf(I));
  for (const each of state) expect(prefixOf(each)).toBeUndefined();
  expect(prefixOf(lstm(over(), weightsOf(H), { goBackwards: true }).outputs)).toBeUndefined();
  expect(prefixOf(lstm(tf.gather(table, ids), weightsOf(I)).outputs)).toBeUndefined();
});

test("another tensor of the same numbers is not known to, nor are ids that may change or are gone", () => {
  expect(prefixOf(tf.clone(over()))).toBeUndefined();
  const variable = tf.variable(ids);
  expect(prefixOf(lstm({ ids: variable, table }, weightsOf(I)).outputs)).toBeUndefined();
  const gone = tf.clone(ids);
  const { outputs } = lstm({ ids: gone, table }, weightsOf(I));
  gone.dispose();
  expect(prefixOf(outputs)).toBeUndefined();
  expect(lstm(outputs, weightsOf(H)).outputs.shape).toEqual([B, T, H]);
});

test("under a gradient, where x was made in the same scope and its own gradient only passes", () => {
  const seen: unknown[] = [];
  const outside = over();
  tf.grad((given: tf.Tensor) => {
    const { outputs } = lstm({ ids, table: given }, weightsOf(I));
    seen.push(prefixOf(outputs), prefixOf(outside));
    tf.grad((inner: tf.Tensor) => {
      seen.push(prefixOf(inner), prefixOf(outputs), prefixOf(over()));
      return tf.sum(inner);
    })(outputs);
    return tf.sum(outputs);
  })(table);
  expect(seen).toEqual([ids, undefined, undefined, undefined, undefined]);
  expect(prefixOf(outside)).toBe(ids);
});
