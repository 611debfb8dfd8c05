import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { bidirectional, lstm, type TokenLookup } from "./index.ts";

beforeAll(() => tf.setBackend("cpu"));

const [B, T, I, H, V] = [3, 5, 4, 6, 7];
const weights = { kernel: tf.ones([I, 4 * H]), recurrentKernel: tf.ones([H, 4 * H]) };

test("a wrong shape is refused with who, expected and got", () => {
  const x = tf.ones([B, T, I]);
  expect(() => lstm(x, { ...weights, kernel: tf.ones([I, 3 * H]) })).toThrow(
    `lstm: expected kernel of shape [${I}, ${4 * H}], got [${I}, ${3 * H}]`,
  );
  expect(() => lstm(tf.ones([B, I]), weights)).toThrow(
    `lstm: expected x of shape [B, T, I], got [${B}, ${I}]`,
  );
  expect(() => lstm(tf.zeros([B, 0, I]), weights)).toThrow("lstm: expected x without empty axes");
  expect(() => lstm(tf.cast(x, "int32"), weights)).toThrow(
    "lstm: expected x of type float32, got int32",
  );
  expect(() => lstm(x, weights, { mask: tf.zeros([B, T]) })).toThrow(
    "lstm: expected mask of type bool or int32, got float32",
  );
  expect(() => lstm(x, weights, { initialState: [tf.ones([B, H])] })).toThrow(
    "lstm: expected initialState as [h, c], got [an instance of Tensor",
  );
  expect(() => lstm(x, weights, { activation: "swish" as never })).toThrow(
    "lstm: expected activation to be one of",
  );
});

test("a lookup of another shape or type is refused, in two directions as well", () => {
  const ids = tf.zeros([B, T], "int32");
  const table = tf.ones([V, I]);
  const wrong: [Partial<TokenLookup> | Record<string, unknown>, string][] = [
    [{ ids: tf.zeros([T], "int32") }, `x.ids of shape [B, T], got [${T}]`],
    [{ ids: tf.zeros([B, T, 1], "int32") }, `x.ids of shape [B, T], got [${B}, ${T}, 1]`],
    [{ ids: tf.zeros([B, 0], "int32") }, `x.ids without empty axes, got [${B}, 0]`],
    [{ ids: tf.zeros([B, T], "bool") }, "x.ids of type int32 or float32, got bool"],
    [{ ids: [[0]] }, "x.ids as a tensor of shape [B, T], got [[0]]"],
    [{ ids: undefined }, "x.ids as a tensor of shape [B, T], got undefined"],
    [{ table: tf.ones([I]) }, `x.table of shape [V, I], got [${I}]`],
    [{ table: tf.zeros([V, I], "int32") }, "x.table of type float32, got int32"],
    [{ table: tf.zeros([0, I]) }, `x.table without empty axes, got [0, ${I}]`],
    [{ table: undefined }, "x.table as a tensor of shape [V, I], got undefined"],
    [{ table: tf.ones([V, I + 1]) }, `kernel of shape [${I + 1}, ${4 * H}], got [${I}, ${4 * H}]`],
    [{ tabel: table }, "x ids, table, got tabel; did you mean table?"],
    [{ decidedBy: "step" }, "x ids, table, got decidedBy"],
  ];
  for (const [given, message] of wrong) {
    const x = { ids, table, ...given } as TokenLookup;
    expect(() => lstm(x, weights)).toThrow(`lstm: expected ${message}`);
    expect(() => bidirectional("lstm", x, [weights, weights])).toThrow(
      `bidirectional: expected ${message}`,
    );
  }
  const right = lstm({ ids, table }, weights);
  expect(right.outputs.shape).toEqual([B, T, H]);
  expect(() => lstm({ ids, table }, weights, { mask: tf.ones([B, T + 1], "bool") })).toThrow(
    `lstm: expected mask of shape [${B}, ${T}], got [${B}, ${T + 1}]`,
  );
});
