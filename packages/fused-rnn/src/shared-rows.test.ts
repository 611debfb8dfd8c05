import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { seededRandom } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { bidirectional } from "./bidirectional.ts";
import type { CellKind } from "./call.ts";
import { setThreads } from "./engine.ts";
import { type GatedOptions, type RecurrentWeights, recurrent } from "./recurrent.ts";
import { registerKernels } from "./register.ts";
import { sharedRows } from "./shared-rows.ts";
import { engineMemory } from "./tapes.ts";

/** Rows of ids below **words**, each begun by so many steps of 0, or ended by them. */
function padded(T: number, padding: readonly number[], words: number, after = false): number[][] {
  const random = seededRandom(3);
  return padding.map((zeros, b) =>
    Array.from({ length: T }, (_, t) => {
      const inPadding = after ? t >= T - zeros : t < zeros;
      return inPadding ? 0 : 1 + ((b + Math.floor(random.uniform() * words)) % (words - 1));
    }),
  );
}

describe("which rows share their beginning", () => {
  const cut = { B: 5, T: 6, R: 3, blocks: 2, goBackwards: false };

  test("a block's first row stands for the others until each has parted from it", () => {
    const tokens = padded(6, [2, 5, 0, 6, 3], 9);
    const shared = sharedRows(tokens.flat(), cut)!;
    // Dealt from the most padding to the least: 3 4 2 and 1 0.
    expect([...shared.order]).toEqual([3, 2, 4, 1, 0]);
    expect([...shared.starts.slice(0, 7)]).toEqual([0, 2, 4, 6, 9, 12, 15]);
    expect([...shared.starts.slice(7)]).toEqual([0, 1, 2, 4, 6, 8, 10]);
    expect([...shared.firstSteps]).toEqual([2, 0, 0, 0, 3]);
    expect(shared.work).toBe(25);
  });

  test("read backwards, the padding behind counts", () => {
    const tokens = padded(6, [2, 5, 0, 6, 3], 9, true);
    expect(sharedRows(tokens.flat(), cut)).toBeUndefined();
    const turned = tokens.map((row) => [...row].reverse());
    expect(sharedRows(tokens.flat(), { ...cut, goBackwards: true })).toEqual(
      sharedRows(turned.flat(), cut),
    );
  });

  test("little in common is not shared", () => {
    expect(sharedRows(padded(6, [0, 0, 0, 0, 1], 9).flat(), cut)).toBeUndefined();
    expect(sharedRows([1, 2, 3], { ...cut, B: 1, T: 3, R: 1, blocks: 1 })).toBeUndefined();
  });

  test("rows stand only for rows whose tokens so far are theirs, and each row is there once", () => {
    const sizes = fc.record({
      B: fc.integer({ min: 1, max: 20 }),
      T: fc.integer({ min: 1, max: 9 }),
    });
    const run = sizes.chain(({ B, T }) =>
      fc.record({
        ...{ B: fc.constant(B), T: fc.constant(T), R: fc.integer({ min: 1, max: B }) },
        goBackwards: fc.boolean(),
        tokens: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: B * T, maxLength: B * T }),
      }),
    );
    fc.assert(
      fc.property(run, ({ B, T, R, goBackwards, tokens }) => {
        const blocks = Math.ceil(B / R);
        const shared = sharedRows(tokens, { B, T, R, blocks, goBackwards });
        if (!shared) return;
        expect([...shared.order].sort((a, b) => a - b)).toEqual([...Array(B).keys()]);
        const read = (b: number, t: number) => tokens[b * T + (goBackwards ? T - 1 - t : t)];
        for (let block = 0; block < blocks; block++) {
          const rows = shared.order.slice(block * R, Math.min(B, (block + 1) * R));
          const starts = shared.starts.slice(block * (T + 1), (block + 1) * (T + 1));
          let before = 1;
          for (let t = 0; t < T; t++) {
            const awake = starts[t + 1]! - starts[t]!;
            expect(awake).toBeGreaterThanOrEqual(before);
            expect(awake).toBeLessThanOrEqual(rows.length);
            for (const asleep of rows.slice(awake)) {
              expect(read(asleep, t)).toBe(read(rows[0]!, t));
            }
            before = awake;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

const cells: Record<CellKind, number> = { simpleRnn: 1, lstm: 4, gruAfter: 3, gruBefore: 3 };
const [T, I, H, words] = [23, 5, 6, 11];
const padding = [9, 23, 0, 23, 14, 14, 3, 20, 1, 22, 23, 5, 17, 0, 12, 8, 19, 2, 21];
const B = padding.length;

function normal(...shape: number[]): tf.Tensor {
  return tf.randomNormal(
    shape,
    0,
    0.5,
    "float32",
    shape.reduce((a, b) => 31 * a + b, 7),
  );
}

function weightsOf(cell: CellKind): Required<RecurrentWeights> {
  const G = cells[cell];
  const bias = cell === "gruAfter" ? normal(2, G * H) : normal(G * H);
  return { kernel: normal(I, G * H), recurrentKernel: normal(H, G * H), bias };
}

/** A loss of all that a call returns, of the table and the weights. */
function lossOf(
  run: (x: tf.Tensor3D, weights: RecurrentWeights) => readonly tf.Tensor[],
  ids: tf.Tensor,
) {
  return (table: tf.Tensor, kernel: tf.Tensor, recurrentKernel: tf.Tensor, bias: tf.Tensor) => {
    const x = tf.gather(table, ids) as tf.Tensor3D;
    const losses = run(x, { kernel, recurrentKernel, bias }).map((y, k) =>
      tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, "float32", k + 1))),
    );
    return losses.reduce((sum, loss) => tf.add(sum, loss)) as tf.Scalar;
  };
}

const ways: [string, GatedOptions][] = [
  ["all outputs", {}],
  ["the last output", { returnSequences: false }],
  ["read backwards", { goBackwards: true }],
  [
    "relu, the last output, backwards",
    { activation: "relu", returnSequences: false, goBackwards: true },
  ],
];

describe.each(["cpu", "wasm"])("rows that begin alike, on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
    registerKernels();
  });

  const numbersOf = (tensors: readonly tf.Tensor[]) => tensors.map((y) => y.dataSync());
  const close = (got: readonly tf.Tensor[], wanted: readonly tf.Tensor[]) => {
    for (const [k, y] of got.entries()) {
      expect(y.dataSync()).toBeAllclose(wanted[k]!.dataSync(), { rtol: 0, ofLargest: 2e-6 });
    }
  };

  for (const cell of Object.keys(cells) as CellKind[]) {
    test.each(ways)(`${cell}, %s: the same bits, and the table's gradient`, (_, options) => {
      const ids = tf.tensor2d(padded(T, padding, words, options.goBackwards), [B, T], "int32");
      const inputs = [normal(words, I), ...Object.values(weightsOf(cell))];
      const run = (tokens?: tf.Tensor) => {
        const op = (x: tf.Tensor3D, weights: RecurrentWeights) => {
          const { outputs, state } = recurrent(cell, cell, x, weights, { ...options, tokens });
          return [outputs, ...state];
        };
        const x = tf.gather(inputs[0]!, ids) as tf.Tensor3D;
        const [kernel, recurrentKernel, bias] = inputs.slice(1) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const inference = op(x, { kernel, recurrentKernel, bias });
        return { inference, ...tf.valueAndGrads(lossOf(op, ids))(inputs) };
      };
      const [shared, each] = [run(ids), run()];
      expect(numbersOf(shared.inference)).toEqual(numbersOf(each.inference));
      expect(numbersOf([shared.value])).toEqual(numbersOf([each.value]));
      close(shared.grads, each.grads);
    });
  }

  test("of both directions, the one that meets the padding first shares it", () => {
    const ids = tf.tensor2d(padded(T, padding, words), [B, T], "int32");
    const inputs = [normal(words, I), ...Object.values(weightsOf("lstm"))];
    const run = (tokens?: tf.Tensor) => {
      const op = (x: tf.Tensor3D, weights: RecurrentWeights) =>
        bidirectional("lstm", x, [weights, weights], [{ tokens }, { tokens }]).map(
          ({ outputs }) => outputs,
        );
      return tf.valueAndGrads(lossOf(op, ids))(inputs);
    };
    const [shared, each] = [run(ids), run()];
    expect(numbersOf([shared.value])).toEqual(numbersOf([each.value]));
    close(shared.grads, each.grads);
  });

  test("x's gradient stands in the row that was worked on, and adds up", () => {
    const ids = tf.tensor2d(
      [...Array(8).fill([0, 0, 0, 0, 0, 0, 1]), ...Array(8).fill([0, 0, 0, 2, 3, 4, 1])],
      [16, 7],
      "int32",
    );
    const { kernel, recurrentKernel } = weightsOf("lstm");
    const x = tf.gather(normal(words, I), ids) as tf.Tensor3D;
    const gradient = (tokens?: tf.Tensor) =>
      tf.grad((y: tf.Tensor) =>
        tf.sum(
          recurrent("lstm", "lstm", y as tf.Tensor3D, { kernel, recurrentKernel }, { tokens })
            .outputs,
        ),
      )(x);
    const [shared, each] = [gradient(ids), gradient()];
    close(
      [tf.sum(shared, 0)],
      [tf.sum(each, 0)].map((sum) => sum),
    );
    const silent = tf.sum(tf.cast(tf.equal(tf.sum(tf.abs(shared), 2), 0), "int32")).dataSync()[0];
    expect(silent).toBeGreaterThan(16);
  });

  test("tokens change nothing under a mask, dropout masks or an initial state", () => {
    const ids = tf.tensor2d(padded(T, padding, words), [B, T], "int32");
    const { kernel, recurrentKernel, bias } = weightsOf("gruAfter");
    const x = tf.gather(normal(words, I), ids) as tf.Tensor3D;
    const others: GatedOptions[] = [
      { mask: tf.notEqual(ids, 0) },
      { inputDropoutMask: normal(B, I) },
      { initialState: [normal(B, H)] },
    ];
    for (const options of others) {
      const gradient = (tokens?: tf.Tensor) =>
        tf.grad((y: tf.Tensor) => {
          const weights = { kernel, recurrentKernel, bias };
          const given = { ...options, tokens };
          return tf.sum(recurrent("gru", "gruAfter", y as tf.Tensor3D, weights, given).outputs);
        })(x);
      expect(gradient(ids).dataSync()).toEqual(gradient().dataSync());
    }
  });

  test("nothing is left behind", async () => {
    const ids = tf.tensor2d(padded(T, padding, words), [B, T], "int32");
    const inputs = [normal(words, I), ...Object.values(weightsOf("lstm"))];
    const op = (x: tf.Tensor3D, weights: RecurrentWeights) => [
      recurrent("lstm", "lstm", x, weights, { tokens: ids }).outputs,
    ];
    await expectNoTensorLeak(() => {
      tf.dispose(tf.valueAndGrads(lossOf(op, ids))(inputs));
    });
    expect(engineMemory()).toEqual({ used: 0, tapes: 0 });
  });
});

test("rows that begin alike are the same bits on 1, 2 and 3 threads", async () => {
  await tf.setBackend("wasm");
  const [rows, steps, units] = [40, 60, 32];
  const zeros = Array.from({ length: rows }, (_, b) => (b * 17) % 61);
  const ids = tf.tensor2d(padded(steps, zeros, words), [rows, steps], "float32");
  const table = normal(words, units);
  const weights = [normal(units, 4 * units), normal(units, 4 * units), normal(4 * units)];
  const indices = tf.cast(ids, "int32");
  const op = (x: tf.Tensor3D, given: RecurrentWeights) => {
    const { outputs, state } = recurrent("lstm", "lstm", x, given, { tokens: ids });
    return [outputs, ...state];
  };
  const results = [1, 2, 3].map((count) => {
    setThreads(count);
    const { value, grads } = tf.valueAndGrads(lossOf(op, indices))([table, ...weights]);
    return [value, ...grads].map((y) => y.dataSync());
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("tokens of another shape or type than x's rows are refused", () => {
  const x = normal(B, T, I) as tf.Tensor3D;
  const weights = weightsOf("lstm");
  const run = (tokens: tf.Tensor) => recurrent("lstm", "lstm", x, weights, { tokens });
  expect(() => run(tf.zeros([B, T + 1], "int32"))).toThrow(
    `lstm: expected tokens of shape [${B}, ${T}], got [${B}, ${T + 1}]`,
  );
  expect(() => run(tf.zeros([B, T], "bool"))).toThrow(
    "lstm: expected tokens of type int32 or float32, got bool",
  );
});
