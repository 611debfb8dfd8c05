import { overTerms, tolerances } from "@rnnkit/test-kit/tolerances";
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { type CellKind, cellTable, seededRandom, weightShapes } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
  adamUpdate,
  bidirectional,
  engineMemory,
  type GatedOptions,
  gru,
  lstm,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
  registerKernels,
  rmspropUpdate,
  simpleRnn,
} from "./index.ts";

/** One that the engine does not serve: there the recurrences are composed of tfjs operations. */
const foreign = "foreign";
/** And one that can be read only later, as webgpu. */
const late = "late";
const near = tolerances.backends.calls;
/** Of a loss, which adds up to some hundred numbers that cancel. */
const nearSum = overTerms(near, 100);

beforeAll(async () => {
  class LateBackend extends MathBackendCPU {
    override readSync(): never {
      throw new Error("use read()");
    }
  }
  tf.registerBackend(foreign, () => new MathBackendCPU());
  tf.registerBackend(late, () => new LateBackend());
  for (const name of [foreign, late]) tf.copyRegisteredKernels("cpu", name);
  for (const name of ["cpu", "wasm", foreign]) await tf.setBackend(name);
  registerKernels();
});

/** Backends whose tensors are there, so that switching to one takes effect at once. */
function use(backend: string): void {
  void tf.setBackend(backend);
}

/** Its argument; the rest of the backward pass runs on **backend**. */
function backwardsOn(backend: string, y: tf.Tensor): tf.Tensor {
  return tf.customGrad((x) => ({
    value: tf.clone(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => {
      use(backend);
      return tf.clone(dy);
    },
  }))(y);
}

type Run = (x: RecurrentInput, w: RecurrentWeights, o: GatedOptions) => RecurrentResult[];
interface Op {
  kind: CellKind;
  run: Run;
}

const single: Record<string, Op> = {
  simpleRnn: {
    kind: "simpleRnn",
    run: (x, w, { recurrentActivation: _, ...o }) => [simpleRnn(x, w, o)],
  },
  lstm: { kind: "lstm", run: (x, w, o) => [lstm(x, w, o)] },
  gru: { kind: "gruAfter", run: (x, w, o) => [gru(x, w, o)] },
  gruBefore: {
    kind: "gruBefore",
    run: (x, w, o) => [gru(x, w, { ...o, resetAfter: false })],
  },
};
const double = Object.entries(single).map(([name, op]): [string, Op] => {
  const { name: cell, options: ofKind } = cellTable[op.kind];
  const run: Run = (x, w, { recurrentActivation: _, ...o }) => {
    const options = { ...o, ...ofKind };
    return bidirectional(cell, x, [w, w], [options, { ...options, goBackwards: true }]);
  };
  return [`bidirectional ${name}`, { ...op, run }];
});
const ops: Record<string, Op> = { ...single, ...Object.fromEntries(double) };

const [words, I, H] = [5, 3, 8];
const call = fc.record({
  op: fc.constantFrom(...Object.keys(ops)),
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
  bias: fc.boolean(),
  state: fc.boolean(),
  masked: fc.boolean(),
  returnSequences: fc.boolean(),
  isLookup: fc.boolean(),
  dropped: fc.boolean(),
  activation: fc.constantFrom("tanh", "relu", "gelu"),
});
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never;

/** What a loss depends on, of a lookup in a table: made on the current backend. */
function inputsOf({ op, seed, bias, state, B }: Call): tf.Tensor[] {
  const random = seededRandom(seed);
  const normal = (shape: number[]) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.7 * random.normal()),
      shape,
    );
  const { kind } = ops[op]!;
  const shapes = weightShapes(kind, I, H);
  return [
    normal([words, I]),
    normal(shapes.kernel),
    normal(shapes.recurrentKernel),
    ...(bias ? [normal(shapes.bias)] : []),
    ...(state ? cellTable[kind].states.map(() => normal([B, H])) : []),
  ];
}

/** Σ over outputs and states under fixed weights. */
function lossOf(
  given: Call,
  ids: tf.Tensor,
  mask: tf.Tensor,
  dropout: tf.Tensor,
  end: typeof tf.clone,
) {
  return (...[table, kernel, recurrentKernel, ...rest]: tf.Tensor[]): tf.Tensor => {
    const { op, bias, state, masked, returnSequences, isLookup, dropped, activation } = given;
    const results = ops[op]!.run(
      isLookup ? { ids, table: table! } : tf.gather(table!, ids),
      { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias ? rest[0] : undefined },
      {
        ...{ returnSequences, activation: activation as "tanh" },
        ...(masked && { mask }),
        ...(dropped && { inputDropoutMask: dropout }),
        ...(state && { initialState: rest.slice(bias ? 1 : 0) }),
      },
    );
    const parts = results.flatMap(({ outputs, state: last }) =>
      [outputs, ...last].map((y, k) => {
        const weights = Float32Array.from({ length: y.size }, (_, i) => Math.sin(i + k));
        return tf.sum(tf.mul(end(y), tf.tensor(weights, y.shape)));
      }),
    );
    return tf.addN(parts);
  };
}

test.each([
  ["wasm", "cpu"],
  ["cpu", "wasm"],
  ["cpu", foreign],
  ["wasm", foreign],
  [foreign, "wasm"],
])(
  "a forward pass on %s and the backward pass on %s give the numbers of one backend",
  (from, to) => {
    fc.assert(
      fc.property(call, fc.constantFrom("cpu", "wasm"), (given, made) => {
        use(made);
        const { B, T, seed } = given;
        const random = seededRandom(seed + 1);
        const whole = (n: number) =>
          Array.from({ length: B * T }, () => Math.floor(random.uniform() * n));
        const ids = tf.tensor2d(whole(words), [B, T], "int32");
        const mask = tf.tensor2d(whole(2), [B, T], "bool");
        const dropout = tf.tensor2d(
          Float32Array.from({ length: B * I }, () => 2 * random.uniform()),
          [B, I],
        );
        const inputs = inputsOf(given);
        use(from);
        const one = tf.valueAndGrads(lossOf(given, ids, mask, dropout, tf.clone))(inputs);
        use(made);
        const moved = inputsOf(given);
        use(from);
        const end = ((y: tf.Tensor) => backwardsOn(to, y)) as typeof tf.clone;
        const two = tf.valueAndGrads(lossOf(given, ids, mask, dropout, end))(moved);
        expect(tf.getBackend()).toBe(to);
        expect(two.value.dataSync()).toBeAllclose(one.value.dataSync(), nearSum);
        for (const [k, gradient] of two.grads.entries()) {
          expect(gradient.dataSync()).toBeAllclose(one.grads[k]!.dataSync(), near);
        }
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        tf.dispose([ids, mask, dropout, inputs, moved, one.value, one.grads, two.value, two.grads]);
      }),
      { numRuns: 30 },
    );
  },
);

test.each([
  ["cpu", "wasm"],
  ["wasm", "cpu"],
])("tensors made on %s serve a single step on %s, and none is lost", (made, used) => {
  fc.assert(
    fc.property(call, (given) => {
      const one = { ...given, T: 1, masked: false, dropped: false };
      use(made);
      const ids = tf.tensor2d(
        Array.from({ length: one.B }, (_, b) => b % words),
        [one.B, 1],
        "int32",
      );
      const inputs = inputsOf(one);
      const loss = lossOf(one, ids, ids, ids, tf.clone);
      const wanted = tf.tidy(() => loss(...inputs).dataSync());
      const before = tf.memory().numTensors;
      use(used);
      expect(tf.tidy(() => loss(...inputs).dataSync())).toBeAllclose(wanted, nearSum);
      use(made);
      expect(tf.tidy(() => loss(...inputs).dataSync())).toBeAllclose(wanted, nearSum);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([ids, inputs]);
    }),
    { numRuns: 40 },
  );
});

test.each([
  ["cpu", "wasm"],
  ["wasm", "cpu"],
])("an optimizer's weights and slots made on %s go on being updated on %s", (made, used) => {
  const three = (a: number) => tf.tensor1d([a, a / 2, -a]);
  const updates = {
    adam: ([value, m, v]: tf.Tensor[]) => {
      const numbers = { stepSize: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
      return adamUpdate({ value: value!, gradient: three(0.5), m: m!, v: v! }, numbers);
    },
    rmsprop: ([value, meanSquare, moment]: tf.Tensor[]) => {
      const numbers = { learningRate: 0.01, rho: 0.9, momentum: 0.5, epsilon: 1e-7 };
      const weight = { value: value!, gradient: three(0.5), meanSquare: meanSquare!, moment };
      return rmspropUpdate(weight, numbers);
    },
  };
  for (const update of Object.values(updates)) {
    const after = (backends: readonly string[]) => {
      use(made);
      let tensors: tf.Tensor[] = [three(1), three(0), three(0)];
      for (const backend of backends) {
        use(backend);
        tensors = update(tensors);
      }
      return tensors.map((tensor) => [...tensor.dataSync()]);
    };
    const there = after([used, made, used]);
    for (const [k, numbers] of after([made, made, made]).entries()) {
      expect(there[k]).toBeAllclose(numbers, { rtol: 1e-6, atol: 0 });
    }
  }
});

test("a backend that cannot be read at once is refused for the backward pass, and the next call works", () => {
  use("cpu");
  const inputs = inputsOf({ op: "lstm", seed: 1, bias: true } as Call);
  const [, kernel, recurrentKernel, bias] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const f = (backend: string) => (x: tf.Tensor) => {
    const weights = { kernel, recurrentKernel, bias };
    const { outputs } = lstm(x as tf.Tensor3D, weights, { returnSequences: false });
    return tf.sum(backwardsOn(backend, outputs));
  };
  const x = tf.ones([1, 2, I]);
  expect(() => tf.grad(f(late))(x)).toThrow(
    "FusedLSTM: expected a backward pass on a backend that can be read at once, as cpu and wasm, got late",
  );
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  use("cpu");
  expect(tf.grad(f("wasm"))(x).shape).toEqual(x.shape);
});
