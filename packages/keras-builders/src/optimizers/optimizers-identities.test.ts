import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers, loadLayersModel, sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { LearningRate } from "./learning-rate.ts";
import {
  cosineDecay,
  exponentialDecay,
  piecewiseConstantDecay,
} from "./learning-rate-schedules.ts";
import type { OptimizerOptions } from "./optimizer-step.ts";
import { adam, adamw, rmsprop, sgd } from "./optimizers.ts";

type Make = (options?: OptimizerOptions) => tf.Optimizer & { learningRate: number };
const made = (make: (options: never) => tf.Optimizer, own: object = {}): Make =>
  ((options: object) => make({ ...own, ...options } as never)) as Make;

const all: Record<string, Make> = {
  adam: made(adam),
  "adam with amsgrad": made(adam, { amsgrad: true, beta2: 0.9 }),
  adamw: made(adamw),
  rmsprop: made(rmsprop),
  "rmsprop with momentum": made(rmsprop, { momentum: 0.8 }),
  "centered rmsprop": made(rmsprop, { centered: true }),
  "centered rmsprop with momentum": made(rmsprop, { centered: true, momentum: 0.8 }),
  sgd: made(sgd),
  "sgd with momentum": made(sgd, { momentum: 0.9 }),
  "sgd with Nesterov's momentum": made(sgd, { momentum: 0.9, nesterov: true }),
};
const each = Object.entries(all);

/** What of a gradient makes the same steps in all runs: [steps][weights][elements]. */
const element = fc.float({ min: -3, max: 3, noNaN: true });
const gradientsOf = (...sizes: number[]) =>
  fc.array(
    fc.tuple(...sizes.map((size) => fc.array(element, { minLength: size, maxLength: size }))),
    { minLength: 1, maxLength: 5 },
  );
const rate = fc.double({ min: 1e-4, max: 0.5, noNaN: true });

const weightsOf = (sizes: number[]) =>
  sizes.map((size, i) => tf.tidy(() => tf.variable(tf.range(i + 1, i + 1 + size, 1))));
const step = (optimizer: tf.Optimizer, weights: tf.Variable[], gradients: number[][]): void =>
  tf.tidy(() => {
    optimizer.applyGradients(
      weights.map(({ name }, i) => ({ name, tensor: tf.tensor1d(gradients[i]!) })),
    );
  });
const valuesOf = (weights: tf.Variable[]) => weights.flatMap((weight) => [...weight.dataSync()]);

/** The weights after these steps. */
function run(optimizer: tf.Optimizer, steps: number[][][], change?: (t: number) => void): number[] {
  const weights = weightsOf(steps[0]!.map(({ length }) => length));
  for (const [t, gradients] of steps.entries()) {
    change?.(t);
    step(optimizer, weights, gradients);
  }
  const values = valuesOf(weights);
  tf.dispose(weights);
  optimizer.dispose();
  return values;
}

beforeEach(async () => {
  await tf.setBackend("cpu");
});

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test.each(each)("%s: a rate that stays is a number, bit for bit", (_, make) => {
    fc.assert(
      fc.property(gradientsOf(5), rate, (steps, learningRate) => {
        const constants: LearningRate[] = [
          () => learningRate,
          exponentialDecay({ initialLearningRate: learningRate, decaySteps: 2, decayRate: 1 }),
          piecewiseConstantDecay({ boundaries: [1], values: [learningRate, learningRate] }),
          cosineDecay({ initialLearningRate: learningRate, decaySteps: 3, alpha: 1 }),
        ];
        const expected = run(make({ learningRate }), steps);
        for (const each of constants)
          expect(run(make({ learningRate: each }), steps)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test.each(each)("%s: a rate set before each step is a function of the step", (_, make) => {
    fc.assert(
      fc.property(
        gradientsOf(3),
        fc.array(rate, { minLength: 5, maxLength: 5 }),
        (steps, rates) => {
          const optimizer = make();
          const set = run(optimizer, steps, (t) => {
            optimizer.learningRate = rates[t]!;
          });
          expect(run(make({ learningRate: (t) => rates[t]! }), steps)).toEqual(set);
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each(each)("%s: no decay is a decay of 0", (name, make) => {
    fc.assert(
      fc.property(gradientsOf(2, 3), (steps) => {
        const none = name === "adamw" ? all.adam!() : make();
        expect(run(make({ weightDecay: 0 }), steps)).toEqual(run(none, steps));
      }),
      { numRuns: 20 },
    );
  });

  test.each(each)("%s: the norm of all weights is that of the only one", (_, make) => {
    fc.assert(
      fc.property(gradientsOf(4), fc.double({ min: 0.01, max: 5, noNaN: true }), (steps, limit) => {
        const one = run(make({ clipnorm: limit }), steps);
        expect(run(make({ globalClipnorm: limit }), steps)).toBeAllclose(one, {
          rtol: 1e-5,
          atol: 1e-5,
        });
      }),
      { numRuns: 20 },
    );
  });

  test("clipvalue and globalClipnorm are steps along clipped gradients", () => {
    fc.assert(
      fc.property(gradientsOf(2, 3), (steps) => {
        const cut = steps.map((all) => all.map((g) => g.map((x) => Math.max(-1, Math.min(1, x)))));
        expect(run(sgd({ clipvalue: 1 }), steps)).toEqual(run(sgd(), cut));
        const scaled = steps.map((all) => {
          const norm = Math.hypot(...all.flat());
          return all.map((g) => g.map((x) => x / Math.max(1, norm)));
        });
        const globally = run(sgd({ globalClipnorm: 1 }), steps);
        expect(globally).toBeAllclose(run(sgd(), scaled), { rtol: 0, atol: 1e-6 });
      }),
      { numRuns: 20 },
    );
  });

  test.each(each)("%s: a saved state goes on where it was", async (name, make) => {
    // tfjs keeps Momentum's state divided by the rate.
    const exact = !name.startsWith("sgd with");
    await fc.assert(
      fc.asyncProperty(gradientsOf(2, 3), gradientsOf(2, 3), async (before, after) => {
        const schedule = { learningRate: (t: number) => 0.1 / (t + 1), weightDecay: 0.01 };
        const whole = run(make(schedule), [...before, ...after]);
        const [first, second] = [make(schedule), make(schedule)];
        const weights = weightsOf([2, 3]);
        for (const gradients of before) step(first, weights, gradients);
        await second.setWeights(await first.getWeights());
        first.dispose();
        for (const gradients of after) step(second, weights, gradients);
        if (exact) expect(valuesOf(weights)).toEqual(whole);
        else expect(valuesOf(weights)).toBeAllclose(whole, tolerances.optimizers.steps);
        second.dispose();
        tf.dispose(weights);
      }),
      { numRuns: 10 },
    );
  });

  test.each(each)("%s: a weight without a gradient stays as it is", (_, make) => {
    const weights = weightsOf([2, 3]);
    const optimizer = make({ weightDecay: 0.5, globalClipnorm: 1 });
    const gradients = [
      { name: weights[0]!.name, tensor: null as unknown as tf.Tensor },
      { name: weights[1]!.name, tensor: tf.ones([3]) },
    ];
    optimizer.applyGradients(gradients);
    expect([...weights[0]!.dataSync()]).toEqual([1, 2]);
    expect(weights[1]!.dataSync()[0]).not.toBe(2);
    optimizer.dispose();
    tf.dispose(weights);
  });

  test.each(each)("%s: steps leave nothing behind, and dispose frees the rest", async (_, make) => {
    const gradients = [
      [1, 2],
      [3, -4, 5],
    ];
    for (const clips of [{ clipnorm: 1 }, { clipvalue: 1 }, { globalClipnorm: 1 }]) {
      const learningRate = exponentialDecay({
        initialLearningRate: 0.1,
        decaySteps: 2,
        decayRate: 0.5,
      });
      await expectNoTensorLeak(async () => {
        const optimizer = make({ learningRate, weightDecay: 0.1, ...clips });
        const weights = weightsOf([2, 3]);
        step(optimizer, weights, gradients);
        const { numTensors } = tf.memory();
        for (let i = 0; i < 3; i++) step(optimizer, weights, gradients);
        expect(tf.memory().numTensors).toBe(numTensors);
        // The first is a tensor of tfjs's own, made for every call.
        const [iterations] = await optimizer.getWeights();
        iterations!.tensor.dispose();
        optimizer.dispose();
        tf.dispose(weights);
      });
    }
  });
});

test("tfjs's own optimizers take the state, and go on with it", async () => {
  const before = [
    [
      [1, -2],
      [0.5, 0.1, -3],
    ],
    [
      [0.1, 0.2],
      [-0.5, 2, 1],
    ],
  ];
  const pairs: [tf.Optimizer, tf.Optimizer, tf.Optimizer][] = [
    // Without AMSGrad's memory, which tfjs has no place for.
    [
      adam({ amsgrad: true, epsilon: 0 }),
      tf.train.adam(0.001, 0.9, 0.999, 0),
      adam({ epsilon: 0 }),
    ],
    [
      rmsprop({ momentum: 0.5, learningRate: 0.1 }),
      tf.train.rmsprop(0.1, 0.9, 0.5, 1e-7),
      rmsprop({ momentum: 0.5, learningRate: 0.1 }),
    ],
    [
      sgd({ learningRate: (t) => 0.1 / (t + 1), momentum: 0.9 }),
      tf.train.momentum(0.1 / 3, 0.9),
      sgd({ learningRate: (t) => 0.1 / (t + 1), momentum: 0.9 }),
    ],
  ];
  for (const [ours, stock, expected] of pairs) {
    const weights = [weightsOf([2, 3]), weightsOf([2, 3])];
    for (const gradients of before) step(ours, weights[0]!, gradients);
    for (const gradients of before) step(expected, weights[1]!, gradients);
    await stock.setWeights(await ours.getWeights());
    for (const [i, weight] of weights[0]!.entries()) weight.assign(weights[1]![i]!);
    step(stock, weights[0]!, before[0]!);
    step(expected, weights[1]!, before[0]!);
    expect(valuesOf(weights[0]!)).toBeAllclose(valuesOf(weights[1]!), tolerances.optimizers.steps);
  }
});

test.each(each)(
  "%s: a model that tfjs saves goes on with tfjs's own optimizer",
  async (name, make) => {
    await tf.setBackend("cpu");
    const kernelInitializer = initializers.constant({ value: 0.5 });
    const model = sequential({
      layers: [layers.dense({ units: 1, kernelInitializer, inputShape: [2] })],
    });
    model.compile({
      optimizer: make({ learningRate: (t) => 0.1 / (t + 1) }),
      loss: "meanSquaredError",
    });
    const [x, y] = [tf.tensor2d([1, 2, -1, 3], [2, 2]), tf.tensor2d([1, 0], [2, 1])];
    for (let t = 0; t < 2; t++) await model.trainOnBatch(x, y);
    let artifacts: tf.io.ModelArtifacts = {};
    const handler = tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    });
    await model.save(handler, { includeOptimizer: true });
    const loaded = await loadLayersModel(tf.io.fromMemory(artifacts));
    expect(loaded.optimizer.iterations).toBe(2);
    expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    // tfjs divides by other roots, and forgets the decay.
    const isSame = /^(rmsprop|sgd)/.test(name);
    for (const each of [model, loaded]) await each.trainOnBatch(x, y);
    const [own, stock] = [model, loaded].map((each) => each.getWeights()[0]!.dataSync());
    expect(stock).toBeAllclose(own!, { atol: isSame ? 1e-6 : 0.05 });
    for (const each of [model, loaded]) each.dispose();
  },
);

test("the rate of a schedule can be read, that of the next step, and is left to it", () => {
  const learningRate = exponentialDecay({
    initialLearningRate: 0.5,
    decaySteps: 1,
    decayRate: 0.5,
  });
  for (const [, make] of each) {
    const optimizer = make({ learningRate });
    const weights = weightsOf([2]);
    const rates = [0, 1, 2].map(() => {
      const now = optimizer.learningRate;
      step(optimizer, weights, [[1, 2]]);
      return now;
    });
    expect(rates).toEqual([0.5, 0.25, 0.125]);
    expect(optimizer.getConfig().learningRate).toBe(0.0625);
    expect(() => {
      optimizer.learningRate = 0.1;
    }).toThrow("expected learningRate to be left to its schedule, got 0.1");
    expect(optimizer).toHaveProperty("learningRateSchedule.config.decayRate", 0.5);
  }
});

test("a function that gives no rate stops the step before any weight has changed", () => {
  for (const [name, make] of each) {
    const who = name.match(/adamw|adam|rmsprop|sgd/)![0];
    const optimizer = make({ learningRate: (t) => (t < 1 ? 0.1 : Number.NaN) });
    const weights = weightsOf([2]);
    step(optimizer, weights, [[1, 2]]);
    const values = valuesOf(weights);
    expect(() => step(optimizer, weights, [[1, 2]])).toThrow(
      `${who}: expected learningRate(1) from 0, got NaN`,
    );
    expect(valuesOf(weights)).toEqual(values);
    expect(() => make({ learningRate: () => -1 })).toThrow(
      "expected learningRate(0) from 0, got -1",
    );
  }
});
