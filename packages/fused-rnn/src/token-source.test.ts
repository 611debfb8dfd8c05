// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-wasm";
import { type CellKind, cellKinds, cellTable, weightShapes } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type GatedOptions, type RecurrentResult, recurrent } from "./recurrent.ts";
import { registerKernels } from "./tfjs/register.ts";
import {
  decidedBys,
  isLookup,
  outputsDecidedBy,
  staysAlike,
  type TokenReader,
  type TokenSource,
} from "./token-source.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
  registerKernels();
});

const reader: TokenReader = {
  goBackwards: false,
  masked: false,
  started: false,
  dropoutVariants: 0,
};

test("rows stay alike where what decides them has been read, and nothing is a row's own", () => {
  const alike = (options: Partial<TokenReader>) =>
    decidedBys.filter((decidedBy) => staysAlike({ ...reader, ...options, decidedBy }));
  expect(alike({})).toEqual(["step", "start"]);
  expect(alike({ goBackwards: true })).toEqual(["step", "end"]);
  for (const own of [
    { masked: true },
    { started: true },
    { dropoutVariants: 1 },
    { dropoutVariants: 4 },
  ]) {
    expect(alike(own)).toEqual([]);
  }
  expect(staysAlike(reader)).toBe(false);
});

test("a lookup is one under a mask and from given states too, not through dropout", () => {
  const lookups = (options: Partial<TokenReader>) =>
    decidedBys.filter((decidedBy) => isLookup({ ...reader, ...options, decidedBy }));
  expect(lookups({ goBackwards: true, masked: true, started: true })).toEqual(["step"]);
  expect(lookups({ dropoutVariants: 1 })).toEqual([]);
});

test("outputs in the order of the tokens, whose rows stay alike, are decided from the start", () => {
  expect(decidedBys.map((decidedBy) => outputsDecidedBy({ ...reader, decidedBy }))).toEqual([
    "start",
    "start",
    undefined,
  ]);
  const turned = decidedBys.map((decidedBy) =>
    outputsDecidedBy({ ...reader, goBackwards: true, decidedBy }),
  );
  expect(turned).toEqual([undefined, undefined, undefined]);
});

const [I, words] = [9, 4];
const normal = (shape: number[], seed: number) =>
  tf.randomNormal(shape, 0, 0.6, "float32", seed + 1);

interface DrawnCall {
  cell: CellKind;
  H: number;
  goBackwards: boolean;
  returnSequences: boolean;
  masked: boolean;
  started: boolean;
}
const drawnCall: fc.Arbitrary<DrawnCall> = fc.record({
  cell: fc.constantFrom(...cellKinds),
  H: fc.constantFrom(2, 9),
  goBackwards: fc.boolean(),
  returnSequences: fc.nat(5).map((n) => n > 0),
  masked: fc.nat(3).map((n) => n === 3),
  started: fc.nat(5).map((n) => n === 5),
});
const drawnStack = fc
  .record({ B: fc.integer({ min: 2, max: 5 }), T: fc.integer({ min: 1, max: 8 }) })
  .chain(({ B, T }) =>
    fc.record({
      calls: fc.array(drawnCall, { minLength: 1, maxLength: 3 }),
      // Mostly one token: rows then begin, or end, with the same.
      rows: fc.array(
        fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3), { minLength: T, maxLength: T }),
        { minLength: B, maxLength: B },
      ),
    }),
  );

function weightsOf({ cell, H }: DrawnCall, width: number, seed: number) {
  const shapes = weightShapes(cell, width, H);
  return {
    kernel: normal(shapes.kernel, seed),
    recurrentKernel: normal(shapes.recurrentKernel, seed + 1),
    bias: normal(shapes.bias, seed + 2),
  };
}

function optionsOf(drawn: DrawnCall, ids: tf.Tensor): GatedOptions {
  const [B] = ids.shape as [number];
  const { cell, H, goBackwards, returnSequences, masked, started } = drawn;
  const state = (k: number) => normal([B, H], 70 + k);
  return {
    ...{ goBackwards, returnSequences },
    ...(masked && { mask: tf.notEqual(ids, 1) }),
    ...(started && { initialState: cellTable[cell].states.map((_, k) => state(k)) }),
  };
}

test("calls that hand on what their outputs were made from give the bits of calls told nothing", () => {
  fc.assert(
    fc.property(drawnStack, ({ calls, rows }) => {
      tf.tidy(() => {
        const ids = tf.tensor2d(rows, undefined, "int32");
        const last = calls.findIndex(({ returnSequences }) => !returnSequences);
        const stack = last < 0 ? calls : calls.slice(0, last + 1);
        const run = (table: tf.Tensor, told: boolean): RecurrentResult => {
          let source: TokenSource | undefined = { tokens: ids, decidedBy: "step" };
          let x = tf.gather(table, ids);
          let result: RecurrentResult | undefined;
          for (const [k, call] of stack.entries()) {
            const weights = weightsOf(call, x.shape[2] as number, 10 * k);
            const options = { ...optionsOf(call, ids), ...(told && { source }) };
            result = recurrent("stack", call.cell, x as tf.Tensor3D, weights, options);
            ({ outputs: x, source } = result);
          }
          return result as RecurrentResult;
        };
        const table = normal([words, I], 99);
        const [told, each] = [true, false].map((by) =>
          tf.valueAndGrad((given: tf.Tensor) => {
            const { outputs, state } = run(given, by);
            const costs = [outputs, ...state].map((y, k) =>
              tf.sum(tf.mul(y, normal(y.shape, 60 + k))),
            );
            return tf.addN(costs) as tf.Scalar;
          })(table),
        );
        const numbers = ({ outputs, state }: RecurrentResult) =>
          [outputs, ...state].map((y) => y.dataSync());
        expect(numbers(run(table, true))).toEqual(numbers(run(table, false)));
        expect(told!.value.dataSync()).toEqual(each!.value.dataSync());
        const near = { rtol: 0, ofLargest: 1e-5, atol: 1e-6 };
        expect(told!.grad.dataSync()).toBeAllclose(each!.grad.dataSync(), near);
      });
    }),
    { numRuns: 60 },
  );
});
