// Recurrences over the outputs of others over a lookup: what rows begin alike with is handed on, and changes no bit.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { engineMemory } from "../engine-memory.ts";
import type { RecurrentInput, RecurrentResult, RecurrentWeights } from "../options.ts";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import {
  bothDirections,
  cotangentsOf,
  expectSameBits,
  gathered,
  inScope,
  inTurn,
  manyUnits,
  numbersOf,
  plain,
  recurrenceOf,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "./call.fixture.ts";
import { drawsFor, type EngineUnderTest, passesOf } from "./engine-under-test.fixture.ts";
import { scattered } from "./reference.fixture.ts";

const [I, words] = [9, 4];
const normal = (shape: number[], seed: number) =>
  tf.randomNormal(shape, 0, 0.6, "float32", seed + 1);

interface Layer {
  cell: CellKind;
  H: number;
  goBackwards: boolean;
  reverseOutputs: boolean;
  returnSequences: boolean;
  masked: boolean;
  started: boolean;
  /** Both directions, their outputs side by side. */
  twice: boolean;
}
const drawnLayer: fc.Arbitrary<Layer> = fc.record({
  cell: fc.constantFrom(...cellKinds),
  H: fc.constantFrom(2, 9),
  goBackwards: fc.boolean(),
  reverseOutputs: fc.boolean(),
  returnSequences: fc.nat(5).map((n) => n > 0),
  masked: fc.nat(3).map((n) => n === 3),
  started: fc.nat(5).map((n) => n === 5),
  twice: fc.nat(4).map((n) => n === 4),
});
const drawnStack = fc
  .record({ B: fc.integer({ min: 2, max: 5 }), T: fc.integer({ min: 1, max: 8 }) })
  .chain(({ B, T }) =>
    fc.record({
      layers: fc.array(drawnLayer, { minLength: 1, maxLength: 3 }),
      // Mostly one token: rows then begin, or end, with the same.
      rows: fc.array(
        fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3), { minLength: T, maxLength: T }),
        { minLength: B, maxLength: B },
      ),
    }),
  );

function runLayer(layer: Layer, x: RecurrentInput, ids: tf.Tensor, k: number): RecurrentResult {
  const { cell, H, goBackwards, reverseOutputs, returnSequences, masked, started, twice } = layer;
  const width = x instanceof tf.Tensor ? (x.shape[2] as number) : (x.table.shape[1] as number);
  const { gates, states, biasRows } = cellTable[cell];
  const G = gates.length * H;
  const weights: RecurrentWeights = {
    kernel: normal([width, G], 10 * k),
    recurrentKernel: normal([H, G], 10 * k + 1),
    bias: normal(biasRows === 1 ? [G] : [biasRows, G], 10 * k + 2),
  };
  const options = {
    ...{ goBackwards, reverseOutputs, returnSequences },
    mask: masked ? tf.notEqual(ids, 1) : undefined,
    initialState: started ? states.map((_, i) => normal([ids.shape[0], H], 70 + i)) : undefined,
  };
  if (!twice) return recurrenceOf(cell, x, weights, options);
  const other = { ...weights, recurrentKernel: normal([H, G], 10 * k + 3) };
  // Not joined: the next layer is to have the very outputs of one of them.
  const [outputs, ...state] = bothDirections(cell, x, [weights, other], options);
  return { outputs, state: state as tf.Tensor2D[] };
}

/** Stacks, and calls whose rows are said to begin alike. */
export function stackTests(suite: EngineUnderTest): void {
  const { engine } = suite;
  const isTraced = engine.kind === "traced";

  test("recurrences over a lookup, and over those, give the bits of recurrences over vectors", async () => {
    await fc.assert(
      fc.asyncProperty(drawnStack, async ({ layers, rows }) => {
        await inScope(async () => {
          const ids = tf.tensor2d(rows, undefined, "int32");
          const last = layers.findIndex(({ returnSequences }) => !returnSequences);
          const stack = last < 0 ? layers : layers.slice(0, last + 1);
          const through = (table: tf.Tensor, isLookup: boolean): tf.Tensor[] => {
            let x: RecurrentInput = isLookup ? { ids, table } : tf.gather(table, ids);
            const results: tf.Tensor[] = [];
            for (const [k, layer] of stack.entries()) {
              const { outputs, state } = runLayer(layer, x, ids, k);
              results.push(...state);
              // A clone is another tensor: of its rows nothing is known.
              x = isLookup ? outputs : tf.clone(outputs);
            }
            return [x as tf.Tensor, ...results];
          };
          const table = normal([words, I], 99);
          const [looked, each] = [true, false].map((isLookup) =>
            tf.valueAndGrad((given: tf.Tensor) => {
              const costs = through(given, isLookup).map((y, k) =>
                tf.sum(tf.mul(y, normal(y.shape, 60 + k))),
              );
              return tf.addN(costs) as tf.Scalar;
            })(table),
          );
          expectSameBits(
            await valuesOf(through(table, true)),
            await valuesOf(through(table, false)),
          );
          expectSameBits(await valuesOf([looked.value]), await valuesOf([each.value]));
          const near = { rtol: 0, ofLargest: 1e-5, atol: 1e-6 };
          const [sums, wanted] = await valuesOf([looked.grad, each.grad]);
          expect(sums).toBeAllclose(wanted, near);
        });
      }),
      { numRuns: drawsFor(suite, 60) },
    );
  });

  test("a gradient in outputs themselves, from outside of its scope, is each row's own", async () => {
    const rows = paddedTokens(8, [5, 5, 8, 2], words);
    const layer = {
      ...{ cell: "lstm" as const, H: 9, goBackwards: false, returnSequences: true },
      ...{ reverseOutputs: false, masked: false, started: false, twice: false },
    };
    const ids = tf.tensor2d(rows, undefined, "int32");
    const { outputs } = runLayer(layer, { ids, table: normal([words, I], 99) }, ids, 0);
    const second = (x: tf.Tensor) => tf.sum(runLayer(layer, x, ids, 1).outputs);
    const [own, unknown] = [outputs, tf.clone(outputs)].map((x) => tf.grad(second)(x));
    expectSameBits(await valuesOf([own]), await valuesOf([unknown]));
  });

  // Of kernels alone x's gradient may be right in sum only.
  test.skipIf(isTraced)(
    "an inner gradient of a call over another's outputs, made outside of it, is refused",
    async () => {
      const ids = tf.tensor2d(paddedTokens(8, [5, 5, 8, 2], words), undefined, "int32");
      const layer = {
        ...{ cell: "lstm" as const, H: 9, goBackwards: false, returnSequences: true },
        ...{ reverseOutputs: false, masked: false, started: false, twice: false },
      };
      const inner = (slope: (x: tf.Tensor) => tf.Tensor) =>
        tf.grad((table: tf.Tensor) => {
          slope(runLayer(layer, { ids, table }, ids, 0).outputs);
          return tf.sum(table);
        })(normal([words, I], 99));
      const second = (x: tf.Tensor) => tf.sum(runLayer(layer, x, ids, 1).outputs);
      const outside = (x: tf.Tensor) => {
        const y = second(x);
        return tf.grad(() => y)(x);
      };
      expect(() => inner(outside)).toThrow(
        "FusedLSTM: expected the inner gradient's function to make the call, whose x is another's outputs, itself, got one made outside of it",
      );
      let slopes: tf.Tensor[] = [];
      inner((x) => {
        const slope = tf.grad(second)(x);
        const y = second(tf.clone(x));
        const wanted = tf.grad(() => y)(x);
        slopes = [wanted, slope].map((each) => tf.keep(each));
        return slope;
      });
      const [wanted, slope] = await valuesOf(slopes);
      tf.dispose(slopes);
      expectSameBits([wanted], [slope]);
      expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    },
  );

  if (engine.kind === "traced") return;
  test.each(cellKinds)(
    "%s: x's gradient adds up to each token's where rows are said to begin alike",
    async (cell) => {
      const small = { B: 9, T: 17, H: 18, tokens: 7 };
      const H = manyUnits(cell);
      const large = { B: 18, T: 120, I: 21, H, tokens: 200, returnSequences: false };
      const sizes = [
        { ...small, I: 3, returnSequences: true },
        { ...small, I: 8, returnSequences: true },
        { ...small, I: 12, returnSequences: false },
        ...(suite.isSlow ? [] : [large]),
      ];
      for (const { tokens, ...given } of sizes) {
        const shape = shapeOf(cell, given);
        const zeros = Array.from({ length: shape.B }, (_, b) => (b * 7) % (shape.T + 1));
        const ids = Int32Array.from(paddedTokens(shape.T, zeros, tokens).flat());
        const { x: table } = numbersOf({ ...shape, B: 1, T: tokens }, { ...plain, seed: 2 });
        const { x } = gathered(shape, { ids, table });
        const each = { ...numbersOf(shape, plain), x };
        const cotangents = cotangentsOf(shape, 1);
        const [by, wanted] = await inTurn([{ ...each, prefixIds: ids }, each], (given) =>
          passesOf(suite, shape, tensorsOf(shape, given), cotangents, [true, false, true]),
        );
        expectSameBits(by.results, wanted.results);
        const near = { rtol: 0, ofLargest: 1e-5 };
        for (const [k, { x: dx, ...weights }] of by.gradients.entries()) {
          const { x: dxEach, ...others } = wanted.gradients[k];
          for (const [name, values] of Object.entries(others)) {
            expect(weights[name as "kernel"]).toBeAllclose(values, near);
          }
          if (!dx || !dxEach) continue;
          const [sums, all] = [dx, dxEach].map((d) => scattered(d, ids, tokens * shape.I, shape.I));
          expect(sums).toBeAllclose(all, near);
        }
      }
    },
  );
}
