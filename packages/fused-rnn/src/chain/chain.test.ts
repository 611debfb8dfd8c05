import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { type RowActivationName, rowActivations, seededRandom } from "@rnnkit/core-rnn";
import { overTerms, tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { fusedActivations } from "../activation-names.ts";
import { engineMemory } from "../engine-memory.ts";
import { type ChainRun, runChain } from "./chain.ts";
import { type DenseActivation, denseStage } from "./dense-stage.ts";
import { dropoutFactors, dropoutStage } from "./dropout-stage.ts";
import { type RecurrentStageOptions, recurrentStage } from "./recurrent-stage.ts";
import { lookupStage, maskingStage, reshapeStage } from "./small-stages.ts";
import type { Stage } from "./stage.ts";

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
});

const noTrained: ReadonlySet<tf.Tensor> = new Set();

/** Runs and releases; **read** takes what it needs while the numbers stand. */
function ran<Result>(
  stages: readonly Stage[],
  x: tf.Tensor,
  trained: ReadonlySet<tf.Tensor>,
  read: (run: ChainRun) => Result,
): Result {
  const run = runChain(stages, x, trained.size > 0, trained);
  try {
    return read(run);
  } finally {
    run.release();
  }
}

/** A Dense layer of rows in float64: y, and from dy the gradients of x, W and b. */
function reference(
  x: number[][],
  w: number[][],
  b: number[],
  name: RowActivationName,
  dy: number[][],
) {
  const { apply, backward } = rowActivations[name];
  const sums = x.map((row) => b.map((bias, n) => row.reduce((s, v, k) => s + v * w[k][n], bias)));
  const y = sums.map((row) => apply(Float64Array.from(row)));
  const dz = y.map((row, r) => {
    return [...backward(Float64Array.from(dy[r]), Float64Array.from(sums[r]), row)];
  });
  return {
    y: y.flatMap((row) => [...row]),
    dw: w.flatMap((row, k) => row.map((_, n) => x.reduce((s, v, r) => s + v[k] * dz[r][n], 0))),
    db: b.map((_, n) => dz.reduce((s, row) => s + row[n], 0)),
    dx: x.flatMap((_, r) => w.map((row) => row.reduce((s, v, n) => s + v * dz[r][n], 0))),
  };
}

const activations: readonly DenseActivation[] = [...fusedActivations, "softmax"];

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("a dense stage is its equations in float64: outputs and gradients, at any sizes", async () => {
    await tf.setBackend(backend);
    const size = fc.integer({ min: 1, max: 37 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.constantFrom(...activations),
        fc.nat(),
        (R, K, N, name, seed) => {
          const random = seededRandom(seed);
          const drawn = (rows: number, columns: number) =>
            Array.from({ length: rows }, () =>
              Array.from({ length: columns }, () => Math.fround(0.5 * random.normal())),
            );
          const [x, w, [b], dy] = [drawn(R, K), drawn(K, N), drawn(1, N), drawn(R, N)];
          const wanted = reference(x, w, b, name, dy);
          // A first stage that is the identity shows dx: as the gradient of its weight, xᵀ·dx where x is the identity.
          const kernel = tf.tensor2d(w.flat(), [K, N]);
          const bias = tf.tensor1d(b);
          const first = tf.tensor2d(x.flat(), [R, K]);
          const one = tf.eye(R);
          const stages = [
            denseStage("linear", () => ({ kernel: first })),
            denseStage(name, () => ({ kernel, bias })),
          ];
          const got = ran(stages, one, new Set([first, kernel, bias]), (run) => {
            const y = [...run.values()];
            const gradients = run.gradients(Float32Array.from(dy.flat()));
            const read = (weight: tf.Tensor) => {
              const { dataId, shape } = gradients.get(weight) as tf.TensorInfo;
              return tf.engine().makeTensorFromDataId(dataId, shape, "float32").dataSync();
            };
            return { y, dw: read(kernel), db: read(bias), dx: read(first) };
          });
          const { outputs, gradients } = tolerances.wasm;
          expect(got.y).toBeAllclose(wanted.y, outputs);
          for (const part of ["dw", "db", "dx"] as const) {
            expect(got[part], part).toBeAllclose(wanted[part], overTerms(gradients, R * N));
          }
        },
      ),
    );
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });
});

test("a dropout mask is the same in the engine and in TypeScript, at every rate and length", async () => {
  await tf.setBackend("wasm");
  const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const rate = fc.constantFrom(1e-9, 0.1, 0.5, 0.75, 0.999, 1);
  fc.assert(
    fc.property(bits, bits, rate, fc.integer({ min: 1, max: 70 }), (state, key, rate, n) => {
      const weight = tf.ones([1, n]);
      const stages = [
        denseStage("linear", () => ({ kernel: weight })),
        dropoutStage(() => ({ rate, state, key })),
      ];
      const got = ran(stages, tf.ones([1, 1]), new Set([weight]), (run) => [...run.values()]);
      expect(got).toEqual([...dropoutFactors({ rate, state, key }, n)]);
    }),
  );
});

test("a mask drops as many as its rate says, whatever came before", () => {
  const n = 100_000;
  for (const rate of [0.1, 0.5, 0.9]) {
    const factors = dropoutFactors({ rate, state: 7, key: 9 }, n);
    const kept = factors.filter((factor) => factor > 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - rate))]));
    const share = 1 - kept.length / n;
    // Four standard deviations of a share of n.
    expect(Math.abs(share - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / n));
    // Neighbours know nothing of each other.
    let both = 0;
    for (let i = 1; i < n; i++) if (factors[i] === 0 && factors[i - 1] === 0) both++;
    expect(Math.abs(both / n - rate * rate)).toBeLessThan(5 / Math.sqrt(n));
  }
});

const [B, T, V, F, H] = [2, 3, 5, 4, 6];
const cell = (returnSequences: boolean, more: Partial<RecurrentStageOptions> = {}) => {
  const weights = { kernel: tf.ones([F, H]), recurrentKernel: tf.zeros([H, H]) };
  const options = { goBackwards: false, zeroOutputForMask: false, returnSequences, ...more };
  const activation = { activation: "linear", recurrentActivation: "linear" } as const;
  return recurrentStage({ cell: "simpleRnn", ...activation, ...options, weights: () => weights });
};

test("a lookup that no recurrence reads gives the rows, and gathers their gradients", async () => {
  await tf.setBackend("wasm");
  const table = tf.tensor2d(
    Array.from({ length: V * F }, (_, i) => i),
    [V, F],
  );
  const ids = tf.tensor2d([0, 4, 4, 1, 0, 0], [B, T], "int32");
  const options = { who: "words", table: () => table, masksZero: false, isLeft: false };
  const flat = reshapeStage(([rows]) => [rows, T * F]);
  const [values, gradient] = ran([lookupStage(options), flat], ids, new Set([table]), (run) => {
    expect(run.shape).toEqual([B, T * F]);
    const values = [...run.values()];
    const { dataId, shape } = run
      .gradients(new Float32Array(B * T * F).fill(1))
      .get(table) as tf.TensorInfo;
    return [values, tf.engine().makeTensorFromDataId(dataId, shape, "float32").arraySync()];
  });
  expect(values).toEqual([...tf.gather(table, ids).dataSync()]);
  expect(gradient).toEqual([3, 1, 0, 0, 2].map((count) => Array(F).fill(count)));
});

test("steps of the masked value are 0, and do not count behind", async () => {
  await tf.setBackend("wasm");
  const x = tf.tensor3d([1, 1, 1, 1, -1, -1, -1, -1, 2, -1, -1, -1], [1, T, F]);
  const sums = ran([maskingStage(-1), cell(true)], x, noTrained, (run) => [...run.values()]);
  // The second step is hidden: it repeats the first.
  expect(sums).toEqual([4, 4, -1].flatMap((sum) => Array(H).fill(sum)));
});

test.each([true, false])(
  "a stage that throws leaves nothing behind, training: %s",
  async (training) => {
    await tf.setBackend("wasm");
    const failing: Stage = {
      weights: () => [],
      run() {
        throw new Error("stop");
      },
    };
    const kernel = tf.ones([H, 1]);
    const stages = [cell(true), denseStage("tanh", () => ({ kernel })), failing];
    expect(() => runChain(stages, tf.ones([B, T, F]), training, noTrained)).toThrow("stop");
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  },
);

const refusals: [string, () => unknown, string][] = [
  [
    "a sequence of other features",
    () => runChain([cell(true)], tf.ones([B, T, 3]), false, noTrained),
    "simpleRnn stage: expected x of shape [B, T, 4], got [2, 3, 3]",
  ],
  [
    "an initial state of other units",
    () =>
      runChain(
        [cell(true, { initialState: () => [tf.ones([B, H + 1])] })],
        tf.ones([B, T, F]),
        false,
        noTrained,
      ),
    `simpleRnn stage: expected initial state h of shape [${B}, ${H}], got [${B}, ${H + 1}]`,
  ],
  [
    "no initial state in the list of them",
    () => runChain([cell(true, { initialState: () => [] })], tf.ones([B, T, F]), false, noTrained),
    "simpleRnn stage: expected initial states h, got 0",
  ],
  [
    "dropout of other inputs",
    () =>
      runChain(
        [cell(true, { dropout: () => ({ inputDropoutMask: new Float32Array(3), variants: 1 }) })],
        ...([tf.ones([B, T, F]), true, noTrained] as const),
      ),
    `simpleRnn stage: expected inputDropoutMask of ${B * F} numbers, got 3`,
  ],
  [
    "rows of other features",
    () =>
      runChain(
        [denseStage("relu", () => ({ kernel: tf.ones([3, 2]) }))],
        tf.ones([B, 4]),
        false,
        noTrained,
      ),
    "dense stage: expected x of shape [..., 3], got [2, 4]",
  ],
  [
    "a bias of another length",
    () =>
      runChain(
        [denseStage("relu", () => ({ kernel: tf.ones([3, 2]), bias: tf.ones([3]) }))],
        tf.ones([B, 3]),
        false,
        noTrained,
      ),
    "dense stage: expected bias of shape [2], got [3]",
  ],
  [
    "gradients outside of training",
    () =>
      ran([cell(true)], tf.ones([B, T, F]), noTrained, (run) =>
        run.gradients(new Float32Array(B * T * H)),
      ),
    "runChain: expected a pass in training for gradients, got another",
  ],
  [
    "an activation that is not fused",
    () => recurrentStage({ cell: "lstm", activation: "mish" } as never),
    "expected an activation of",
  ],
];

test.each(refusals)("%s is refused before any work", async (_, run, message) => {
  await tf.setBackend("wasm");
  expect(run).toThrow(message);
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("gradients are given once, for as many numbers as there are", async () => {
  await tf.setBackend("wasm");
  const kernel = tf.ones([F, 1]);
  ran([denseStage("linear", () => ({ kernel }))], tf.ones([B, F]), new Set([kernel]), (run) => {
    expect(() => run.gradients(new Float32Array(1))).toThrow("expected dy of 2 numbers, got 1");
    const { dataId } = run.gradients(new Float32Array(B)).get(kernel) as tf.TensorInfo;
    expect(() => run.gradients(new Float32Array(B))).toThrow(
      "expected one question for the gradients",
    );
    tf.backend().disposeData(dataId);
  });
});
