// tfjs-layers brings the gradients that tfjs-core keeps apart.
import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  piecewiseConstantDecay,
} from "./learning-rate-schedules.ts";
import { adam, adamw, rmsprop, sgd } from "./optimizers.ts";

const cosine = { initialLearningRate: 0.1, decaySteps: 5 };
const falling = { ...cosine, decayRate: 0.5 };

// Small enough that it matters where ε is added, large enough that it is not all that matters.
const gradients = [
  [1e-7, -3e-6, 0.5],
  [2e-7, 1e-6, -0.25],
  [-1e-7, 2e-6, 0.1],
  [3e-7, 2e-6, 0],
];

/** The weights after these gradients, all starting at 0: the loss Σ g·w has gradient g. */
function run(optimizer: tf.Optimizer, steps = gradients): Float32Array {
  const w = tf.tidy(() => tf.variable(tf.zeros([3])));
  for (const g of steps) optimizer.minimize(() => tf.sum(tf.mul(w, tf.tensor1d(g))), false, [w]);
  const result = w.dataSync<"float32">();
  w.dispose();
  return result;
}

/** One weight at a time, in float64. */
function expected(step: () => (g: number, t: number) => number): number[] {
  return [0, 1, 2].map((i) => {
    const next = step();
    return gradients.reduce((w, g, t) => w - next(g[i]!, t + 1), 0);
  });
}

test("adam: w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)", () => {
  const keras = expected(() => {
    let m = 0;
    let v = 0;
    return (g, t) => {
      m += 0.1 * (g - m);
      v += 0.001 * (g * g - v);
      return ((0.001 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)) * (m / (Math.sqrt(v) + 1e-7));
    };
  });
  expect(run(adam())).toBeAllclose(keras, { rtol: 1e-4 });
  expect(run(tf.train.adam(0.001, 0.9, 0.999, 1e-7))).not.toBeAllclose(keras, { rtol: 1e-2 });
});

test("rmsprop: w ← w - η g / √(v + ε)", () => {
  const keras = expected(() => {
    let v = 0;
    let s = 0;
    return (g) => {
      v = 0.9 * v + 0.1 * g * g;
      s = 0.5 * s + (0.001 * g) / Math.sqrt(v + 1e-7);
      return s;
    };
  });
  expect(run(rmsprop({ momentum: 0.5 }))).toBeAllclose(keras, tolerances.optimizers.longRuns);
});

test("sgd: w ← w - η s with s ← μ s + g, and Nesterov's look ahead", () => {
  const plain = expected(() => (g) => 0.01 * g);
  expect(run(sgd())).toBeAllclose(plain, tolerances.optimizers.longRuns);
  const momentum = (nesterov: boolean) =>
    expected(() => {
      let s = 0;
      return (g) => {
        s = 0.9 * s + g;
        return 0.1 * (nesterov ? g + 0.9 * s : s);
      };
    });
  const options = { learningRate: 0.1, momentum: 0.9 };
  expect(run(sgd(options))).toBeAllclose(momentum(false), tolerances.optimizers.longRuns);
  expect(run(sgd({ ...options, nesterov: true }))).toBeAllclose(
    momentum(true),
    tolerances.optimizers.longRuns,
  );
});

test("clipnorm shortens a long gradient to that length and leaves a short one", () => {
  const clipped = run(sgd({ learningRate: 1, clipnorm: 1 }), [[3, 0, 4]]);
  expect(clipped).toBeAllclose([-0.6, 0, -0.8]);
  expect(run(sgd({ learningRate: 1, clipnorm: 6 }), [[3, 0, 4]])).toBeAllclose([-3, 0, -4]);
  expect(run(sgd({ learningRate: 1, clipnorm: 1 }), [[0, 0, 0]])).toBeAllclose([0, 0, 0]);
});

test("clipnorm looks at each weight alone", () => {
  const a = tf.variable(tf.scalar(0));
  const b = tf.variable(tf.scalar(0));
  const loss = (): tf.Scalar => tf.add(tf.mul(a, 30), tf.mul(b, 0.5));
  sgd({ learningRate: 1, clipnorm: 1 }).minimize(loss);
  expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([-1, -0.5]);
  tf.dispose([a, b]);
});

test("a saved model names them as tfjs does", () => {
  const configOf = (optimizer: tf.Optimizer) => [optimizer.getClassName(), optimizer.getConfig()];
  expect(configOf(adam())).toEqual([
    "Adam",
    { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  ]);
  expect(configOf(rmsprop())).toEqual([
    "RMSProp",
    { learningRate: 0.001, decay: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
  ]);
  expect(configOf(sgd())).toEqual(["SGD", { learningRate: 0.01 }]);
});

test("steps leave nothing behind and dispose frees the rest", async () => {
  await expectNoTensorLeak(() => {
    for (const optimizer of [
      adam({ clipnorm: 0.1 }),
      rmsprop({ clipnorm: 0.1 }),
      sgd({ momentum: 0.9 }),
    ]) {
      run(optimizer);
      optimizer.dispose();
    }
  });
});

test("a step size or norm that is not above 0 is refused", () => {
  expect(() => adam({ learningRate: 0 })).toThrow("adam: expected learningRate above 0, got 0");
  expect(() => rmsprop({ clipnorm: -1 })).toThrow("rmsprop: expected clipnorm above 0, got -1");
  expect(() => sgd({ learningRate: Number.NaN })).toThrow(
    "sgd: expected learningRate above 0, got NaN",
  );
});

test.each<[call: () => unknown, message: string]>([
  [() => adam({ learning_rate: 1 } as object), "got learning_rate; did you mean learningRate?"],
  [() => adamw({ weight_decay: 1 } as object), "got weight_decay; did you mean weightDecay?"],
  [() => rmsprop({ centred: true } as object), "got centred; did you mean centered?"],
  [
    () => sgd({ global_clipnorm: 1 } as object),
    "got global_clipnorm; did you mean globalClipnorm?",
  ],
  [
    () => sgd({ beta1: 0.9 } as object),
    "sgd: expected options learningRate, weightDecay, clipnorm",
  ],
  [() => adam(0.01 as never), "adam: expected an object of options"],
  [() => adamw(0.01 as never), "adamw: expected an object of options"],
  [() => adam({ learningRate: "0.1" as never }), 'a schedule or a function of the step, got "0.1"'],
  [() => adam({ learningRate: null as never }), "a schedule or a function of the step, got null"],
  [() => adam({ beta1: 1 }), "adam: expected beta1 from 0 to below 1, got 1"],
  [() => adamw({ beta2: "0.9" as never }), 'adamw: expected beta2 from 0 to below 1, got "0.9"'],
  [() => adam({ epsilon: -1 }), "adam: expected epsilon from 0, got -1"],
  [() => adam({ amsgrad: 1 as never }), "adam: expected amsgrad to be true or false, got 1"],
  [() => adamw({ weightDecay: -0.1 }), "adamw: expected weightDecay from 0, got -0.1"],
  [() => rmsprop({ rho: 1.5 }), "rmsprop: expected rho from 0 to 1, got 1.5"],
  [() => sgd({ momentum: -0.1 }), "sgd: expected momentum from 0 to 1, got -0.1"],
  [() => sgd({ clipvalue: 0 }), "sgd: expected clipvalue above 0, got 0"],
  [
    () => adam({ clipnorm: 1, globalClipnorm: 1 }),
    "adam: expected one of clipnorm, clipvalue and globalClipnorm, got clipnorm and globalClipnorm",
  ],
  [() => exponentialDecay({ ...falling, decay_rate: 1 } as never), "did you mean decayRate?"],
  [() => exponentialDecay({ ...falling, decaySteps: 0 }), "expected decaySteps above 0, got 0"],
  [
    () => cosineDecay({ decaySteps: 5 } as never),
    "expected initialLearningRate from 0, got undefined",
  ],
  [() => cosineDecay({ ...cosine, alpha: 2 }), "cosineDecay: expected alpha from 0 to 1, got 2"],
  [() => cosineDecay({ ...cosine, warmupSteps: 3 }), "expected warmupTarget beside warmupSteps"],
  [
    () => cosineDecayRestarts({ initialLearningRate: 1, firstDecaySteps: 2, tMul: 0.5 }),
    "cosineDecayRestarts: expected tMul from 1, got 0.5",
  ],
  [() => piecewiseConstantDecay({ boundaries: [], values: [1] }), "expected boundaries, a list"],
  [() => piecewiseConstantDecay({ boundaries: [2], values: [1] }), "a list of 2 rates, got [1]"],
  [
    () => piecewiseConstantDecay({ boundaries: [2, 2], values: [1, 1, 1] }),
    "expected boundaries[1] whole and from 3, got 2",
  ],
  [() => exponentialDecay(falling)(-1), "ExponentialDecay: expected step from 0, got -1"],
])("refused before anything is made: %s", (call, message) => {
  const { numTensors } = tf.memory();
  expect(call).toThrow(message);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test("an optimizer made in a tidy outlives it, and says its clipnorm", async () => {
  const makers = [
    () => adam({ clipnorm: 0.5 }),
    () => rmsprop({ momentum: 0.9, clipnorm: 0.5 }),
    () => sgd({ clipnorm: 0.5 }),
    () => sgd({ momentum: 0.9, clipnorm: 0.5 }),
  ];
  for (const make of makers) {
    const optimizer = tf.tidy(make as () => never) as tf.Optimizer;
    const w = tf.variable(tf.tensor1d([1, 2]));
    optimizer.minimize(() => tf.sum(tf.square(w)), false, [w]);
    expect(Number.isFinite(w.dataSync()[0]) && w.dataSync()[0] !== 1).toBe(true);
    expect(optimizer).toHaveProperty("clipnorm", 0.5);
    optimizer.dispose();
    w.dispose();
  }
});
