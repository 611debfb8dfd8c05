// What must hold between calls: halves and wholes, masks in other forms, both directions, the composed operations.

import { type CellKind, cellKinds, cellTable, seededRandom } from "@rnnkit/core-rnn";
import { tolerances as rows } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { type CallShape, initialStates } from "../call.ts";
import { composedEngine } from "../composed.ts";
import type { RecurrentWeights } from "../options.ts";
import {
  bothDirections,
  cotangentsOf,
  differentiate,
  expectSameBits,
  gradientNames,
  gradientsOf,
  type Inputs,
  inTurn,
  type Numbers,
  numbersOf,
  plain,
  recurrenceOf,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "./call.fixture.ts";
import type { EngineUnderTest } from "./engine-under-test.fixture.ts";

const sizes = { B: 3, T: 5, I: 4, H: 6 };
const mask = Uint8Array.of(1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0);

type Variant = (gates: number) => { shape?: Partial<CallShape>; numbers?: Numbers };

const { B, I, H } = sizes;
const random = seededRandom(7);
const normal = (n: number) => Float32Array.from({ length: n }, () => 0.7 * random.normal());
const variants: [string, Variant][] = [
  ["as it is", () => ({})],
  ["last output, backwards", () => ({ shape: { returnSequences: false, goBackwards: true } })],
  ["masked", () => ({ numbers: { mask } })],
  ["masked, backwards", () => ({ shape: { goBackwards: true }, numbers: { mask } })],
  [
    "masked, backwards, outputs in order",
    () => ({ shape: { goBackwards: true, reverseOutputs: true }, numbers: { mask } }),
  ],
  ["masked, zero output", () => ({ shape: { zeroOutputForMask: true }, numbers: { mask } })],
  [
    "shared dropout",
    () => ({
      shape: { dropoutVariants: 1 },
      numbers: { inputDropoutMask: normal(B * I), recurrentDropoutMask: normal(B * H) },
    }),
  ],
  [
    "dropout by gate",
    (g) => ({
      shape: { dropoutVariants: g },
      numbers: {
        inputDropoutMask: normal(g * B * I),
        recurrentDropoutMask: normal(g * B * H),
        mask,
      },
    }),
  ],
  ["softsign", () => ({ shape: { activation: "softsign" } })],
];

/** A call of a variant, from given states. */
function callOf(cell: CellKind, make: Variant = () => ({})) {
  const given = make(cellTable[cell].gates.length);
  const masked = given.numbers?.mask !== undefined;
  const shape = shapeOf(cell, { ...sizes, masked, ...given.shape });
  const numbers = { ...numbersOf(shape, { ...plain, initialState: true }), ...given.numbers };
  return { shape, numbers, inputs: tensorsOf(shape, numbers) };
}

const composed = (shape: CallShape, inputs: Inputs) => {
  const [{ outputs, state }] = composedEngine.forward([{ who: "composed", shape, inputs }]);
  return [outputs, ...state];
};

/** Identities of one call. */
export function identityTests({ engine, carried, isEmulated = false }: EngineUnderTest): void {
  const isTraced = engine.kind === "traced";

  describe.each(cellKinds)("%s", (cell) => {
    // The composed operations are the traced engine.
    test.skipIf(isTraced || isEmulated).each(variants)(
      "%s: results and gradients are tf.grads of the composed operations",
      async (_, make) => {
        const { shape, inputs } = callOf(cell, make);
        const cotangents = cotangentsOf(shape, 3);
        const fused = await differentiate(shape, inputs, cotangents);
        const wanted = await differentiate(shape, inputs, cotangents, undefined, composed);
        const near = rows.composed.gradients;
        for (const [k, values] of fused.results.entries()) {
          expect(values).toBeAllclose(wanted.results[k], near);
        }
        for (const [name, values] of Object.entries(wanted.gradients)) {
          expect(fused.gradients[name as "x"]).toBeAllclose(values, near);
        }
      },
    );

    test.each(variants.filter(([name]) => name.startsWith("masked")))(
      "%s: a step that is masked may hold NaN",
      async (_, make) => {
        const { shape, numbers } = callOf(cell, make);
        const x = Float32Array.from(numbers.x as Float32Array, (value, i) =>
          mask[Math.floor(i / I)] ? value : Number.NaN,
        );
        const [clean, spoilt] = await inTurn([numbers, { ...numbers, x }], (given) =>
          differentiate(shape, tensorsOf(shape, given), cotangentsOf(shape, 3)),
        );
        expectSameBits(spoilt.results, clean.results);
        expectSameBits(Object.values(spoilt.gradients), Object.values(clean.gradients));
      },
    );

    test("in a mask of int32 any number but 0 keeps a step", async () => {
      const { shape, numbers, inputs } = callOf(cell, () => ({ numbers: { mask } }));
      const wanted = await valuesOf(run(shape, inputs));
      for (const kept of [1, -1, 256]) {
        const whole = tf.tensor(
          Int32Array.from(mask, (m) => m * kept),
          [B, shape.T],
          "int32",
        );
        const given = { ...tensorsOf(shape, numbers), mask: whole };
        expectSameBits(await valuesOf(run(shape, given)), wanted);
      }
    });

    test("a mask may be read off x: no gradient goes through it", async () => {
      const { shape, inputs } = callOf(cell, () => ({ numbers: { mask } }));
      const kept = (x: tf.Tensor) => tf.any(tf.notEqual(x, 0), -1);
      const keep = tf.expandDims(tf.cast(inputs.mask as tf.Tensor, "float32"), 2);
      const x = tf.mul(inputs.x as tf.Tensor, keep);
      const gradient = (read: (x: tf.Tensor) => tf.Tensor) =>
        tf.grad((a) => tf.sum(run(shape, { ...inputs, x: a, mask: read(a) })[0]))(x);
      const outside = kept(x);
      expectSameBits(await valuesOf([gradient(kept)]), await valuesOf([gradient(() => outside)]));
    });

    test("a carried state makes two halves equal one whole", async () => {
      const { shape, inputs } = callOf(cell);
      const whole = await valuesOf(run(shape, inputs));
      const part = (from: number, T: number, states: Inputs) => {
        const x = tf.slice(inputs.x as tf.Tensor, [0, from, 0], [B, T, I]);
        return run({ ...shape, T }, { ...inputs, ...states, x });
      };
      const [first, ...middle] = part(0, 2, {});
      const states = initialStates[shape.cell].map((name, k) => [name, middle[k]]);
      const [second, ...last] = part(2, 3, Object.fromEntries(states));
      const halves = await valuesOf([tf.concat([first, second], 1), ...last]);
      if (!carried) expectSameBits(halves, whole);
      else for (const [k, half] of halves.entries()) expect(half).toBeAllclose(whole[k], carried);
    });

    test.each([
      ["", {}],
      [" under a mask", { numbers: { mask } }],
      [" that are 0 under a mask", { shape: { zeroOutputForMask: true }, numbers: { mask } }],
    ])("outputs%s reversed are the same outputs, and give the same gradients", async (_, given) => {
      for (const goBackwards of [false, true]) {
        const { shape, inputs } = callOf(cell, () => given);
        const everything = (reverseOutputs: boolean) => {
          const call = { ...shape, goBackwards, reverseOutputs };
          const turned = (y: tf.Tensor) => (reverseOutputs ? tf.reverse(y, 1) : y);
          const names = gradientNames(inputs);
          const loss = (...values: tf.Tensor[]) => {
            const own = Object.fromEntries(names.map((name, k) => [name, values[k]]));
            const [outputs, ...state] = run(call, { ...inputs, ...own });
            const all = [turned(outputs), ...state];
            return tf.addN(all.map((y, k) => tf.sum(tf.mul(y, tf.sin(tf.add(y, k))))));
          };
          const [outputs, ...state] = run(call, inputs);
          const gradients = tf.grads(loss)(names.map((name) => inputs[name] as tf.Tensor));
          return valuesOf([turned(outputs), ...state, ...gradients]);
        };
        expectSameBits(await everything(true), await everything(false));
      }
    });

    test.each([
      ["as they are", false, false],
      ["masked", true, false],
      ["in one order", false, true],
      ["masked, in one order", true, true],
    ])("two directions, %s, are two calls", async (_, masked, inOrder) => {
      const { shape, inputs } = callOf(cell, () => (masked ? { numbers: { mask } } : {}));
      const other = tensorsOf(shape, numbersOf(shape, { ...plain, seed: 2 }));
      const options = { mask: inputs.mask, zeroOutputForMask: masked };
      const results = (together: boolean, x: tf.Tensor, weights: RecurrentWeights[]) => {
        const [w, v] = weights as [RecurrentWeights, RecurrentWeights];
        const ofSecond = { goBackwards: true, reverseOutputs: inOrder };
        if (together) return bothDirections(cell, x, [w, v], options, ofSecond);
        return [w, v].flatMap((each, i) => {
          const given = i === 0 ? options : { ...options, ...ofSecond };
          const { outputs, state } = recurrenceOf(cell, x, each, given);
          return [outputs, ...state];
        });
      };
      const given = [inputs, other].flatMap(({ kernel, recurrentKernel, bias }) => [
        ...[kernel, recurrentKernel, bias],
      ]) as tf.Tensor[];
      const everything = async (together: boolean) => {
        const make = (x: tf.Tensor, ...all: tf.Tensor[]) => {
          const weights = [0, 3].map((at) => {
            const [kernel, recurrentKernel, bias] = all.slice(at, at + 3);
            return { kernel, recurrentKernel, bias };
          });
          return results(together, x, weights);
        };
        const cost = (made: tf.Tensor[]) =>
          tf.addN(made.map((y, k) => tf.sum(tf.mul(y, tf.sin(tf.add(y, k))))));
        const recorded = await gradientsOf(make, cost, [inputs.x as tf.Tensor, ...given]);
        const [dx, ...gradients] = await valuesOf(recorded.gradients);
        return { bits: [...recorded.results, ...gradients], dx };
      };
      const [pair, each] = await inTurn([true, false], everything);
      expectSameBits(pair.bits, each.bits);
      // The sum of both, in whatever order tfjs adds.
      expect(pair.dx).toBeAllclose(each.dx, { rtol: 1e-6, atol: 1e-6 });
    });
  });
}
