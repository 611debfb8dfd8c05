// A training step that throws, wherever it may: nothing of it stays, and the next one is right.

import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import {
  regularizers,
  type Sequential,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { accelerate, layers, rmsprop } from "../index.ts";
import { own } from "../layers/own-cells.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [3, 4, 3, 8];

beforeAll(() => tf.setBackend("wasm"));

/** The point at which a pass is to throw, and how often it is passed before. */
let armed: string | undefined;
let before = 0;
function pass(point: string): void {
  if (armed === point && before-- <= 0) throw new Error(`stop at ${point}`);
}

/** Passes its input on, by a point forwards and one backwards. */
class Point extends stock.Layer {
  static readonly className = "Point";
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat() as [tf.Tensor];
    return tf.customGrad((given) => {
      pass(`${this.name} forwards`);
      return {
        value: tf.clone(given as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => {
          pass(`${this.name} backwards`);
          return tf.clone(dy);
        },
      };
    })(x);
  }
}

type Regularizer = ReturnType<typeof regularizers.l1l2>;
const { constructor: L1L2 } = regularizers.l1l2();
/** tfjs-layers exports no class of its regularizers. */
const Base = Object.getPrototypeOf(L1L2) as new () => Regularizer;
class Cost extends Base {
  static readonly className = "Cost";
  readonly point: string;
  constructor({ point }: { point: string }) {
    super();
    this.point = point;
  }
  override apply(w: tf.Tensor): tf.Scalar {
    pass(this.point);
    return tf.mul(0.01, tf.sum(tf.square(w)));
  }
  override getConfig(): tf.serialization.ConfigDict {
    return { point: this.point };
  }
}
tf.serialization.registerClass(Cost as never);
const activity = { activityRegularizer: new Cost({ point: "activity" }) };
const costs = { ...activity, kernelRegularizer: new Cost({ point: "weight" }) };

const at = { inputShape: [T, I] };
const of = { units: H, seed: 3 };
/** Layers, and whether they do the same again: no dropout, no state. */
const table: Record<string, [make: () => Layer[], repeats: boolean]> = {
  "embedding and LSTM": [
    () => [
      layers.embedding({
        ...{ inputDim: 9, outputDim: I, maskZero: true, inputLength: T, seed: 2 },
        ...activity,
      }),
      layers.lstm({ ...of, ...costs }),
    ],
    true,
  ],
  bidirectional: [
    () => [layers.bidirectional({ layer: layers.gru({ ...of, ...costs }), ...at, ...activity })],
    true,
  ],
  "cells and dropout": [
    () => [
      layers.rnn({
        cell: [layers.lstmCell({ ...of, recurrentDropout: 0.3 }), own({ rate: 0.3 })],
        ...{ ...at, ...activity },
      }),
    ],
    false,
  ],
  "a state, and steps": [
    () => [
      layers.gru({
        ...{ ...of, ...costs, batchInputShape: [B, T, I] },
        ...{ stateful: true, returnSequences: true },
      }),
      layers.timeDistributed({ layer: layers.dense({ units: 2, ...costs }), ...activity }),
      layers.simpleRNN(of),
    ],
    false,
  ],
  "tfjs's own, accelerated": [
    () => [
      stock.bidirectional({
        ...{ layer: stock.lstm({ units: H, returnSequences: true }) as never, ...at },
        mergeMode: "concat",
      }),
      stock.gru({ units: H, dropout: 0.3 }),
    ],
    false,
  ],
};
const names = Object.keys(table);

interface Trained {
  model: Sequential;
  /** All points that a step passes. */
  points: string[];
  x: tf.Tensor;
  y: tf.Tensor;
}

function trained(name: string): Trained {
  const [make] = table[name]!;
  const all = make().flatMap((layer, i) => [layer, new Point({ name: `point_${i}` })]);
  const model = sequential({ layers: [...all, layers.dense({ units: 1, seed: 5, ...costs })] });
  accelerate(model);
  const optimizer = rmsprop();
  const apply = optimizer.applyGradients.bind(optimizer);
  optimizer.applyGradients = (gradients): void => {
    pass("update");
    apply(gradients);
  };
  const loss = (y: tf.Tensor, prediction: tf.Tensor) => {
    pass("loss");
    return tf.mean(tf.square(tf.sub(prediction, y)), -1);
  };
  const metric = (y: tf.Tensor, prediction: tf.Tensor) => {
    pass("metric");
    return tf.mean(tf.abs(tf.sub(prediction, y)));
  };
  model.compile({ optimizer, loss, metrics: [metric as never] });
  const between = all.filter((layer) => layer instanceof Point).map((layer) => layer.name);
  const points = between.flatMap((point) => [`${point} forwards`, `${point} backwards`]);
  const [, ...shape] = model.inputs[0]!.shape as number[];
  return {
    model,
    points: ["loss", "metric", "update", "activity", "weight", ...points],
    x: tf.ones([B, ...shape]),
    y: tf.zeros([B, 1]),
  };
}

const numbers = (model: Sequential) => model.getWeights().map((w) => [...w.dataSync()]);

/** What **run** throws, with the pass armed at **point**. */
async function failed(point: string, run: () => unknown): Promise<string> {
  armed = point;
  try {
    await run();
    return "nothing";
  } catch (error) {
    return (error as Error).message;
  } finally {
    armed = undefined;
  }
}

/** Tensors that tfjs itself keeps of a pass that threw: what its operations saved for their gradients. */
function savedByTfjs(): tf.Tensor[] {
  const { activeTape } = tf.engine().state;
  return (activeTape ?? []).flatMap(({ saved }) => saved ?? []).filter((t) => !t.isDisposed);
}

test.each(names)(
  "%s: a step that throws leaves no tensor but tfjs's own, the weights, and the next one right",
  async (name) => {
    const [, repeats] = table[name]!;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (draws) => {
        const { model, points, x, y } = trained(name);
        await model.trainOnBatch(x, y);
        const start = tf.memory().numTensors;
        // Metrics come when the weights have made their step.
        let steps = 1;
        for (const draw of draws) {
          const weights = numbers(model);
          const point = points[draw % points.length]!;
          expect(await failed(point, () => model.trainOnBatch(x, y))).toBe(`stop at ${point}`);
          expect(engineMemory()).toEqual({ used: 0, pending: 0 });
          const saved = savedByTfjs();
          expect(tf.memory().numTensors - start, point).toBe(saved.length);
          tf.dispose(saved);
          if (point === "metric") steps++;
          else expect(numbers(model)).toEqual(weights);
        }
        const [loss] = (await model.trainOnBatch(x, y)) as number[];
        expect(loss).toBeGreaterThan(0);
        if (!repeats) return;
        const twin = trained(name).model;
        for (let step = 0; step < steps; step++) await twin.trainOnBatch(x, y);
        expect(loss).toBe(((await twin.trainOnBatch(x, y)) as number[])[0]);
      }),
      { numRuns: 8 },
    );
  },
);

test.each(names)(
  "%s: an evaluation that throws leaves no tensor, and the next one is right",
  (name) => {
    const { model, points, x, y } = trained(name);
    const [all, targets] = [x, y].map((one) =>
      tf.tile(one, [4, ...one.shape.slice(1).map(() => 1)]),
    );
    const evaluate = () => [model.evaluate(all!, targets!, { batchSize: B })].flat();
    const evaluated = () => tf.tidy(() => evaluate().map((value) => value.dataSync()[0]));
    const wanted = evaluated();
    const start = tf.memory().numTensors;
    for (const point of points.filter((each) => !/update|backwards/.test(each))) {
      for (const times of [0, 2]) {
        [armed, before] = [point, times];
        expect(evaluate, point).toThrow(`stop at ${point}`);
        armed = undefined;
        expect(tf.memory().numTensors, point).toBe(start);
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
      }
    }
    if (model.layers.every(({ stateful }) => !stateful)) expect(evaluated()).toEqual(wanted);
  },
);

test.each(names)("%s: of a pass that throws no tensor stays but tfjs's own", async (name) => {
  const { model, points, x, y } = trained(name);
  await model.trainOnBatch(x, y);
  const whole = () => {
    const prediction = model.apply(x, { training: true }) as tf.Tensor;
    pass("loss");
    const all = model.layers.flatMap((layer) => layer.calculateLosses());
    return tf.addN([tf.mean(tf.square(tf.sub(prediction, y))), ...all]) as tf.Scalar;
  };
  const gradients = () => tf.dispose(tf.tidy(() => tf.variableGrads(whole)) as never);
  gradients();
  const before = tf.memory().numTensors;
  for (const point of points.filter((each) => each !== "metric" && each !== "update")) {
    expect(await failed(point, gradients)).toBe(`stop at ${point}`);
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    const saved = savedByTfjs();
    expect(tf.memory().numTensors - before, point).toBe(saved.length);
    tf.dispose(saved);
  }
  gradients();
  expect(tf.memory().numTensors).toBe(before);
});

test("a callback that throws ends fit, and the next fit works", async () => {
  const { model, x, y } = trained("embedding and LSTM");
  for (const moment of ["onBatchBegin", "onBatchEnd", "onEpochEnd"]) {
    const stop = { [moment]: () => pass(moment) };
    const fit = () => model.fit(x, y, { epochs: 2, batchSize: 2, verbose: 0, callbacks: stop });
    expect(await failed(moment, fit)).toBe(`stop at ${moment}`);
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    expect((await fit()).epoch).toEqual([0, 1]);
  }
});
