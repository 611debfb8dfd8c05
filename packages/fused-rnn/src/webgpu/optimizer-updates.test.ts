// Updates of optimizers on the device, beside those of the cpu backend.

import "@tensorflow/tfjs-backend-cpu";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { adamSteps, adamUpdate } from "../tfjs/adam-update.ts";
import { rmspropSteps, rmspropUpdate } from "../tfjs/rmsprop-update.ts";
import { sgdSteps, sgdUpdate } from "../tfjs/sgd-update.ts";
import { registerWebGPUKernels } from "./index.ts";

const rmspropNumbers = { learningRate: 0.01, rho: 0.9, momentum: 0.5, epsilon: 1e-3 };
const adamNumbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3 };
const sgdNumbers = { learningRate: 0.1, momentum: 0.9, nesterov: 0 };

interface Case {
  slots: readonly string[];
  update(weight: never): tf.Tensor[];
  steps(weights: never): void;
}

const cases: Record<string, Case> = {
  ...Object.fromEntries(
    [
      ["meanSquare"],
      ["meanSquare", "moment"],
      ["meanSquare", "moment", "meanGradient"],
      ["meanSquare", "meanGradient"],
    ].map((slots): [string, Case] => [
      `RMSprop of ${slots.join(", ")}`,
      {
        slots,
        update: (weight) => rmspropUpdate(weight, rmspropNumbers),
        steps: (weights) => rmspropSteps(weights, rmspropNumbers),
      },
    ]),
  ),
  ...Object.fromEntries(
    [
      ["m", "v"],
      ["m", "v", "vHat"],
    ].map((slots): [string, Case] => [
      `Adam of ${slots.join(", ")}`,
      {
        slots,
        update: (weight) => adamUpdate(weight, adamNumbers),
        steps: (weights) => adamSteps(weights, adamNumbers),
      },
    ]),
  ),
  ...Object.fromEntries(
    [0, 1, undefined].map((nesterov): [string, Case] => {
      const numbers = { ...sgdNumbers, nesterov: nesterov ?? 0 };
      const case_: Case = {
        slots: nesterov === undefined ? [] : ["moment"],
        update: (weight) => sgdUpdate(weight, numbers),
        steps: (weights) => sgdSteps(weights, numbers),
      };
      return [
        `SGD, ${nesterov === undefined ? "plain" : nesterov ? "Nesterov's" : "momentum"}`,
        case_,
      ];
    }),
  ),
};

const numbers = fc.float({ min: -2, max: 2, noNaN: true });
const lists = fc.array(numbers, { minLength: 1, maxLength: 300 });
/** Two weights of any length, and the gradients of three steps. */
const draws = fc.tuple(lists, lists, fc.array(numbers, { minLength: 3, maxLength: 3 }));

/** The values and slots after three steps, of **first** and **second**. */
async function after(
  backend: string,
  { slots, steps }: Case,
  [first, second, scales]: [number[], number[], number[]],
): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const made = [first, second].map((values) => ({
    value: tf.variable(tf.tensor1d(values)),
    slots: Object.fromEntries(slots.map((name) => [name, tf.variable(tf.zeros([values.length]))])),
  }));
  for (const scale of scales) {
    const weights = made.map(({ value, slots: own }) => {
      const gradient = tf.tensor1d(
        Array.from({ length: value.size }, (_, k) => scale * Math.sin(k)),
      );
      // The step disposes its share.
      tf.engine().backend.incRef(gradient.dataId);
      gradient.dispose();
      return { value, gradient, slots: own };
    });
    steps(weights as never);
  }
  const all = made.flatMap(({ value, slots: own }) => [value, ...Object.values(own)]);
  const numbers = await Promise.all(all.map((each) => each.data<"float32">()));
  tf.dispose(all);
  return numbers;
}

// A program takes a software driver up to a second to compile.
describe.skipIf(!hasDawn)(
  "updates on the device (skipped without a Vulkan driver)",
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      await startWebGPU();
      registerWebGPUKernels();
    });

    test.each(Object.keys(cases))("%s: three steps of two weights are the cpu's", async (name) => {
      await fc.assert(
        fc.asyncProperty(draws, async (drawn) => {
          const expected = await after("cpu", cases[name], drawn);
          const got = await after("webgpu", cases[name], drawn);
          for (const [i, values] of expected.entries()) {
            expect(got[i]).toBeAllclose(values, tolerances.optimizers.composed);
          }
        }),
        { numRuns: 5 },
      );
    });

    test.each(Object.keys(cases))(
      "%s: one update is the cpu's and changes nothing given",
      async (name) => {
        const { slots, update } = cases[name];
        const results: number[][][] = [];
        for (const backend of ["cpu", "webgpu"]) {
          await tf.setBackend(backend);
          const column = (at: number) =>
            tf.tensor1d(Array.from({ length: 70 }, (_, k) => Math.cos(at + k)));
          const weight = { value: column(0), gradient: column(1) };
          const own = slots.map((slot, i) => [slot, tf.square(column(2 + i))] as const);
          const given = { ...weight, ...Object.fromEntries(own) };
          const before = await Promise.all(Object.values(given).map((each) => each.data()));
          const made = update(given as never);
          results.push(await Promise.all(made.map(async (each) => [...(await each.data())])));
          for (const [i, each] of Object.values(given).entries()) {
            // A clone's numbers are not those that were read before.
            const now = await tf.add(each, 0).data();
            expect([...now]).toEqual([...before[i]]);
          }
        }
        expect(results[1]).toHaveLength(slots.length + 1);
        for (const [i, values] of results[0].entries()) {
          expect(results[1][i]).toBeAllclose(values, tolerances.optimizers.composed);
        }
      },
    );

    test("numbers that somebody else has stay, those that were read are read anew, and nothing leaks", async () => {
      await tf.setBackend("webgpu");
      const value = tf.variable(tf.tensor1d([1, 2, 3]));
      const moment = tf.variable(tf.tensor1d([0, 0, 0]));
      const step = () => {
        const gradient = tf.tidy(() => tf.mul(tf.tensor1d([1, 1, 1]), 2));
        tf.engine().backend.incRef(gradient.dataId);
        gradient.dispose();
        sgdSteps([{ value, gradient, slots: { moment } }], { ...sgdNumbers, momentum: 0 });
      };
      const kept = value.clone();
      expect([...(await value.data())]).toEqual([1, 2, 3]);
      step();
      expect(await value.data()).toBeAllclose([0.8, 1.8, 2.8], tolerances.optimizers.steps);
      expect([...(await tf.add(kept, 0).data())]).toEqual([1, 2, 3]);
      const { numTensors, numDataBuffers } = tf.memory();
      for (let i = 0; i < 3; i++) step();
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
      expect(await value.data()).toBeAllclose([0.2, 1.2, 2.2], tolerances.optimizers.steps);
      expect(await moment.data()).toBeAllclose([-0.2, -0.2, -0.2], tolerances.optimizers.steps);
    });

    test("a weight that is being read while it takes a step is read as it was", async () => {
      await tf.setBackend("webgpu");
      const value = tf.variable(tf.tensor1d([1, 2, 3]));
      const moment = tf.variable(tf.tensor1d([0, 0, 0]));
      const step = () => {
        const gradient = tf.tidy(() => tf.mul(tf.tensor1d([1, 1, 1]), 2));
        tf.engine().backend.incRef(gradient.dataId);
        gradient.dispose();
        sgdSteps([{ value, gradient, slots: { moment } }], { ...sgdNumbers, momentum: 0 });
      };
      step();
      const before = tf.memory();
      const reading = value.data();
      step();
      expect(await reading).toBeAllclose([0.8, 1.8, 2.8], tolerances.optimizers.steps);
      expect(await value.data()).toBeAllclose([0.6, 1.6, 2.6], tolerances.optimizers.steps);
      const { numTensors, numDataBuffers } = tf.memory();
      expect(before).toMatchObject({ numTensors, numDataBuffers });
    });
  },
);
