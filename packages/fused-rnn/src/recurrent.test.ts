import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import {
  type CellKind,
  cellKinds,
  cellTable,
  rowActivationNames,
  rowActivations,
  seededRandom,
  weightShapes,
} from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { composedEngine } from "./composed.ts";
import { engineMemory } from "./engine-memory.ts";
import { gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import type { RecurrentOptions } from "./options.ts";
import { simpleRnn } from "./simple-rnn.ts";

beforeAll(() => {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(entry)}/`);
});

const random = seededRandom(7);
const normal = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.7 * random.normal()),
    shape,
  );

const ops = {
  simpleRnn: { run: simpleRnn },
  lstm: { run: lstm },
  gruAfter: { run: gru },
  gruBefore: {
    run: (x: tf.Tensor3D, w: Parameters<typeof gru>[1], o: RecurrentOptions) =>
      gru(x, w, { ...o, resetAfter: false }),
  },
} as const;

const [B, T, I, H] = [3, 5, 4, 6];

function inputsOf(cell: CellKind) {
  const { kernel, recurrentKernel, bias } = weightShapes(cell, I, H);
  return [
    normal(B, T, I),
    normal(...kernel),
    normal(...recurrentKernel),
    normal(...bias),
    ...cellTable[cell].states.map(() => normal(B, H)),
  ];
}

type Run = (...tensors: tf.Tensor[]) => tf.Tensor;

/** Σ of outputs and states under fixed weights, fused or composed. */
function lossOf(cell: CellKind, options: RecurrentOptions, composed: boolean): Run {
  return (x, kernel, recurrentKernel, bias, ...initialState) => {
    const { outputs, state } = composed
      ? composedOf(cell, x, { kernel, recurrentKernel, bias }, { ...options, initialState })
      : ops[cell].run(
          x as tf.Tensor3D,
          { kernel, recurrentKernel, bias },
          { ...options, initialState },
        );
    const parts = [outputs, ...state].map((y, k) =>
      tf.sum(tf.mul(y, tf.sin(tf.add(tf.reshape(tf.range(0, y.size), y.shape), k)))),
    );
    return tf.addN(parts);
  };
}

function composedOf(
  cell: CellKind,
  x: tf.Tensor,
  weights: { kernel: tf.Tensor; recurrentKernel: tf.Tensor; bias: tf.Tensor },
  options: RecurrentOptions & { initialState: tf.Tensor[] },
) {
  const [h0, c0] = options.initialState;
  const { mask, inputDropoutMask, recurrentDropoutMask } = options;
  const inputs = { x, ...weights, h0, c0, mask, inputDropoutMask, recurrentDropoutMask };
  const [result] = composedEngine.forward([
    {
      who: cell,
      inputs: Object.fromEntries(Object.entries(inputs).filter(([, v]) => v)),
      shape: {
        ...{ cell, B, T, I, H, dropoutVariants: 0, masked: mask !== undefined },
        activation: options.activation ?? "tanh",
        recurrentActivation: "sigmoid",
        returnSequences: options.returnSequences ?? true,
        goBackwards: options.goBackwards ?? false,
        zeroOutputForMask: options.zeroOutputForMask ?? false,
      },
    },
  ]);
  return result!;
}

const mask = () => tf.tensor([1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0], [B, T], "bool");
const variants: [string, (gates: number) => RecurrentOptions][] = [
  ["as it is", () => ({})],
  ["last output, backwards", () => ({ returnSequences: false, goBackwards: true })],
  ["masked", () => ({ mask: mask() })],
  ["masked, zero output", () => ({ mask: mask(), zeroOutputForMask: true })],
  [
    "shared dropout",
    () => ({ inputDropoutMask: normal(B, I), recurrentDropoutMask: normal(B, H) }),
  ],
  [
    "dropout by gate",
    (g) => ({
      inputDropoutMask: normal(g, B, I),
      recurrentDropoutMask: normal(g, B, H),
      mask: mask(),
    }),
  ],
  ["softsign", () => ({ activation: "softsign" })],
];

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  for (const cell of cellKinds) {
    test.each(variants)(
      `${cell}, %s: the fused gradients are tf.grads of the composed path`,
      (_, make) => {
        const options = make(cellTable[cell].gates.length);
        const inputs = inputsOf(cell);
        const fused = tf.valueAndGrads(lossOf(cell, options, false))(inputs);
        const composed = tf.valueAndGrads(lossOf(cell, options, true))(inputs);
        const near = { rtol: 0, atol: 1e-6, ofLargest: 2e-5 };
        expect(fused.value.dataSync()).toBeAllclose(composed.value.dataSync(), near);
        for (const [k, gradient] of fused.grads.entries()) {
          expect(gradient.shape).toEqual(inputs[k].shape);
          expect(gradient.dataSync()).toBeAllclose(composed.grads[k].dataSync(), near);
        }
      },
    );
  }

  test("nothing is left behind, in tfjs or in the engine", async () => {
    const inputs = inputsOf("lstm");
    await expectNoTensorLeak(() => {
      tf.dispose(tf.valueAndGrads(lossOf("lstm", {}, false))(inputs));
      tf.tidy(() => {
        lstm(inputs[0] as tf.Tensor3D, { kernel: inputs[1], recurrentKernel: inputs[2] });
      });
    });
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });

  test("a gradient that is never asked for is given back", () => {
    const [x, kernel, recurrentKernel] = inputsOf("lstm");
    const f = (k: tf.Tensor) => {
      lstm(x as tf.Tensor3D, { kernel: k, recurrentKernel });
      return tf.sum(tf.square(k));
    };
    tf.tidy(() => tf.grad(f)(kernel));
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    const broken = () => {
      lstm(x as tf.Tensor3D, { kernel, recurrentKernel });
      throw new Error("stop");
    };
    expect(() => tf.tidy(() => tf.grad(broken)(kernel))).toThrow("stop");
    tf.tidy(() => {
      lstm(x as tf.Tensor3D, { kernel, recurrentKernel });
    });
    expect(tf.engine().state.kernelDepth).toBe(0);
  });

  test("tf.profile sees one kernel forward and one for each gradient", async () => {
    const [x, kernel, recurrentKernel] = inputsOf("lstm");
    const profile = await tf.profile(() => {
      tf.tidy(() => {
        tf.grad((k: tf.Tensor) =>
          tf.sum(lstm(x as tf.Tensor3D, { kernel: k, recurrentKernel }).outputs),
        )(kernel);
      });
      return tf.scalar(0);
    });
    const names = profile.kernels
      .map(({ name }) => name)
      .filter((name) => name.startsWith("Fused"));
    expect(names).toEqual(["FusedLSTM", "FusedLSTMGrad"]);
  });

  test("a mask may be read off x: no gradient goes through it", () => {
    const [x, kernel, recurrentKernel] = inputsOf("gruAfter");
    const weights = { kernel, recurrentKernel };
    const kept = (a: tf.Tensor) => tf.any(tf.notEqual(a, 0), -1);
    const holes = tf.mul(x, tf.expandDims(tf.cast(mask(), "float32"), 2));
    const gradient = (read: (a: tf.Tensor) => tf.Tensor) =>
      tf.grad((a) => tf.sum(gru(a as tf.Tensor3D, weights, { mask: read(a) }).outputs))(holes);
    const outside = kept(holes);
    expect(gradient(kept).dataSync()).toEqual(gradient(() => outside).dataSync());
  });

  test("a step that is masked may hold NaN", () => {
    const [x, kernel, recurrentKernel] = inputsOf("gruAfter");
    const masks = mask();
    const nan = tf.where(tf.expandDims(masks, 2), x, tf.fill([B, T, I], Number.NaN));
    const run = (input: tf.Tensor) =>
      tf.valueAndGrads((a, k) =>
        tf.sum(gru(a as tf.Tensor3D, { kernel: k, recurrentKernel }, { mask: masks }).outputs),
      )([input, kernel]);
    const [clean, poisoned] = [run(x), run(nan)];
    expect(poisoned.value.dataSync()).toEqual(clean.value.dataSync());
    for (const k of [0, 1]) expect(poisoned.grads[k].dataSync()).toEqual(clean.grads[k].dataSync());
  });

  test("in a mask of int32 any number but 0 keeps a step", () => {
    const [x, kernel, recurrentKernel] = inputsOf("simpleRnn");
    const run = (masks: tf.Tensor) =>
      simpleRnn(x as tf.Tensor3D, { kernel, recurrentKernel }, { mask: masks }).outputs.dataSync();
    for (const kept of [1, -1, 256]) {
      expect(run(tf.mul(tf.cast(mask(), "int32"), tf.scalar(kept, "int32")))).toEqual(run(mask()));
    }
  });

  test("a carried state makes two halves equal one whole", () => {
    const [x, kernel, recurrentKernel] = inputsOf("lstm");
    const weights = { kernel, recurrentKernel };
    const whole = lstm(x as tf.Tensor3D, weights);
    const first = lstm(tf.slice3d(x as tf.Tensor3D, [0, 0, 0], [B, 2, I]), weights);
    const second = lstm(tf.slice3d(x as tf.Tensor3D, [0, 2, 0], [B, 3, I]), weights, {
      initialState: first.state,
    });
    expect(tf.concat([first.outputs, second.outputs], 1).dataSync()).toEqual(
      whole.outputs.dataSync(),
    );
    expect(second.state.map((s) => s.dataSync())).toEqual(whole.state.map((s) => s.dataSync()));
  });
});

test("a wrong shape is refused with who, expected and got", () => {
  const x = normal(B, T, I) as tf.Tensor3D;
  const weights = { kernel: normal(I, 4 * H), recurrentKernel: normal(H, 4 * H) };
  expect(() => lstm(x, { ...weights, kernel: normal(I, 3 * H) })).toThrow(
    `lstm: expected kernel of shape [${I}, ${4 * H}], got [${I}, ${3 * H}]`,
  );
  expect(() => lstm(normal(B, I) as never, weights)).toThrow(
    `lstm: expected x of shape [B, T, I], got [${B}, ${I}]`,
  );
  expect(() => lstm(tf.zeros([B, 0, I]) as tf.Tensor3D, weights)).toThrow(
    "lstm: expected x without empty axes",
  );
  expect(() => lstm(tf.cast(x, "int32"), weights)).toThrow(
    "lstm: expected x of type float32, got int32",
  );
  expect(() => lstm(x, weights, { mask: tf.zeros([B, T]) })).toThrow(
    "lstm: expected mask of type bool or int32, got float32",
  );
  expect(() => lstm(x, weights, { initialState: [normal(B, H)] })).toThrow(
    "lstm: expected initialState as [h, c], got [an instance of Tensor",
  );
  expect(() => lstm(x, weights, { activation: "swish" as never })).toThrow(
    "lstm: expected activation to be one of",
  );
});

test("a call that needs more than 4 GB is refused, and the next call works", () => {
  const [steps, units] = [40_000, 1000];
  const x = tf.zeros([8, steps, 1]) as tf.Tensor3D;
  const weights = {
    kernel: tf.zeros([1, 4 * units]),
    recurrentKernel: tf.zeros([units, 4 * units]),
  };
  const loss = (k: tf.Tensor) =>
    tf.sum(lstm(x, { ...weights, kernel: k }, { returnSequences: false }).outputs);
  expect(() => tf.tidy(() => tf.grad(loss)(weights.kernel))).toThrow(
    /expected at most 4 GB of WebAssembly memory, got/,
  );
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  const [y, ...rest] = inputsOf("lstm");
  expect(lossOf("lstm", {}, false)(y, ...rest).dataSync()).toBeAllclose(
    lossOf("lstm", {}, true)(y, ...rest).dataSync(),
    { rtol: 1e-5 },
  );
});

describe.each(["cpu", "wasm"])("composed on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  test("a masked sequence is read backwards as the engine reads it", () => {
    const [x, kernel, recurrentKernel, bias] = inputsOf("lstm");
    const weights = { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! };
    for (let round = 0; round < 20; round++) {
      const options = { goBackwards: true, mask: mask(), initialState: [] };
      const got = composedOf("lstm", x!, weights, options).outputs.dataSync();
      const wanted = lstm(x as tf.Tensor3D, weights, { ...options, initialState: undefined });
      expect(got).toBeAllclose(wanted.outputs.dataSync(), { rtol: 0, ofLargest: 1e-5 });
    }
  });

  test("a sequence of one step has a gradient", () => {
    const gelu = { activation: "gelu" } as const;
    const [, kernel, recurrentKernel] = inputsOf("simpleRnn");
    const weights = { kernel: kernel!, recurrentKernel: recurrentKernel! };
    const sum = (x: tf.Tensor) => tf.sum(simpleRnn(x as tf.Tensor3D, weights, gelu).outputs);
    const [x, other] = [normal(1, 1, I), normal(1, 1, I)];
    const slope = tf.sum(tf.mul(tf.grad(sum)(x), other)).dataSync()[0]!;
    const at = (step: number) => sum(tf.add(x, tf.mul(other, step))).dataSync()[0]!;
    expect(slope).toBeAllclose((at(0.01) - at(-0.01)) / 0.02, { rtol: 0.01, atol: 1e-3 });
  });

  test.each(rowActivationNames)("%s is the reference's, and so is its gradient", (activation) => {
    const { apply, backward } = rowActivations[activation];
    // Away from the kinks at 0, 1, 3 and 6.
    const points = Float64Array.of(-7.3, -2.1, -0.4, 0.6, 1.9, 4.2, 6.5);
    const dy = Float64Array.of(0.3, -1, 0.5, 2, -0.7, 0.1, 1);
    const n = points.length;
    const weights = { kernel: tf.eye(n), recurrentKernel: tf.zeros([n, n]) };
    const [x, cotangent] = [points, dy].map((row) => tf.tensor3d([...row], [1, 1, n]));
    const run = (input: tf.Tensor) =>
      simpleRnn(input as tf.Tensor3D, weights, { activation }).outputs;
    const near = { rtol: 2e-6, atol: 1e-6 };
    expect(run(x!).dataSync()).toBeAllclose(apply(points), near);
    const dx = backward(dy, points, apply(points));
    expect(tf.grad(run)(x!, cotangent).dataSync()).toBeAllclose(dx, near);
  });
});
