// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { type CellKind, cellKinds, weightShapes } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { bidirectional } from "./bidirectional.ts";
import { engineMemory } from "./engine-memory.ts";
import { paddedTokens } from "./padded-tokens.fixture.ts";
import { type GatedOptions, type RecurrentWeights, recurrent } from "./recurrent.ts";
import { registerKernels } from "./tfjs/register.ts";
import type { DecidedBy, TokenSource } from "./token-source.ts";
import { setThreads } from "./wasm/instance.ts";

const [T, I, H, words] = [23, 9, 6, 11];
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
  const { kernel, recurrentKernel, bias } = weightShapes(cell, I, H);
  return {
    kernel: normal(...kernel),
    recurrentKernel: normal(...recurrentKernel),
    bias: normal(...bias),
  };
}

/** A sequence of which just those tokens decide a step. */
function sequenceOf(table: tf.Tensor, ids: tf.Tensor, decidedBy: DecidedBy): tf.Tensor3D {
  const vectors = tf.gather(table, ids) as tf.Tensor3D;
  if (decidedBy === "step") return vectors;
  // On the last axis: on another, tfjs's gradient of cumsum has another shape than x.
  const turned = tf.transpose(tf.mul(vectors, 0.05), [0, 2, 1]);
  return tf.transpose(tf.cumsum(turned, 2, false, decidedBy === "end"), [0, 2, 1]);
}

/** A loss of all that a call returns, of the table and the weights. */
function lossOf(
  run: (x: tf.Tensor3D, weights: RecurrentWeights) => readonly tf.Tensor[],
  ids: tf.Tensor,
  decidedBy: DecidedBy,
) {
  return (table: tf.Tensor, kernel: tf.Tensor, recurrentKernel: tf.Tensor, bias: tf.Tensor) => {
    const x = sequenceOf(table, ids, decidedBy);
    const losses = run(x, { kernel, recurrentKernel, bias }).map((y, k) =>
      tf.sum(tf.mul(y, tf.randomNormal(y.shape, 0, 1, "float32", k + 1))),
    );
    return losses.reduce((sum, loss) => tf.add(sum, loss)) as tf.Scalar;
  };
}

const states = (cell: CellKind) =>
  cell === "lstm" ? [normal(B, H), normal(H, B)] : [normal(B, H)];
const ways: [string, (ids: tf.Tensor, cell: CellKind) => GatedOptions][] = [
  ["all outputs", () => ({})],
  ["the last output", () => ({ returnSequences: false })],
  ["read backwards", () => ({ goBackwards: true })],
  [
    "relu, the last output, backwards",
    () => ({ activation: "relu", returnSequences: false, goBackwards: true }),
  ],
  ["under a mask", (ids) => ({ mask: tf.notEqual(ids, 0) })],
  [
    "under a mask with holes, backwards",
    (ids) => ({ mask: tf.notEqual(tf.mod(ids, 3), 0), goBackwards: true, zeroOutputForMask: true }),
  ],
  [
    "from given states",
    (_, cell) => ({ initialState: states(cell).map((h) => tf.reshape(h, [B, H])) }),
  ],
];

describe.each<[string, DecidedBy]>([
  ["cpu", "step"],
  ["wasm", "step"],
  ["wasm", "start"],
  ["wasm", "end"],
])("tokens on %s that decide by %s", (backend, decidedBy) => {
  const sourceOf = (tokens: tf.Tensor | undefined) => tokens && { tokens, decidedBy };
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

  for (const cell of cellKinds) {
    test.each(ways)(`${cell}, %s: the same bits, and the table's gradient`, (way, make) => {
      const after = way.includes("backwards");
      const ids = tf.tensor2d(paddedTokens(T, padding, words, after), [B, T], "int32");
      const options = make(ids, cell);
      const inputs = [normal(words, I), ...Object.values(weightsOf(cell))];
      const run = (tokens?: tf.Tensor) => {
        const op = (x: tf.Tensor3D, weights: RecurrentWeights) => {
          const { outputs, state } = recurrent(cell, cell, x, weights, {
            ...options,
            source: sourceOf(tokens),
          });
          return [outputs, ...state];
        };
        const x = sequenceOf(inputs[0]!, ids, decidedBy);
        const [kernel, recurrentKernel, bias] = inputs.slice(1) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const inference = op(x, { kernel, recurrentKernel, bias });
        return { inference, ...tf.valueAndGrads(lossOf(op, ids, decidedBy))(inputs) };
      };
      const [shared, each] = [run(ids), run()];
      expect(numbersOf(shared.inference)).toEqual(numbersOf(each.inference));
      expect(numbersOf([shared.value])).toEqual(numbersOf([each.value]));
      close(shared.grads, each.grads);
    });
  }

  test("of both directions, the one that meets the padding first shares it", () => {
    const ids = tf.tensor2d(paddedTokens(T, padding, words), [B, T], "int32");
    const inputs = [normal(words, I), ...Object.values(weightsOf("lstm"))];
    const run = (tokens?: tf.Tensor) => {
      const op = (x: tf.Tensor3D, weights: RecurrentWeights) =>
        bidirectional(
          "lstm",
          x,
          [weights, weights],
          Array(2).fill({ source: sourceOf(tokens) }) as [object, object],
        ).map(({ outputs }) => outputs);
      return tf.valueAndGrads(lossOf(op, ids, decidedBy))(inputs);
    };
    const [shared, each] = [run(ids), run()];
    expect(numbersOf([shared.value])).toEqual(numbersOf([each.value]));
    close(shared.grads, each.grads);
  });

  test.each([3, 12])("x's gradient adds up to each token's, %i inputs", (inputs) => {
    const goBackwards = decidedBy === "end";
    const ids = tf.tensor2d(paddedTokens(T, padding, words, goBackwards), [B, T], "int32");
    const recurrentKernel = normal(H, 4 * H);
    const weights = { kernel: normal(inputs, 4 * H), recurrentKernel };
    const x = tf.gather(normal(words, inputs), ids) as tf.Tensor3D;
    const gradient = (tokens?: tf.Tensor) =>
      tf.grad((y: tf.Tensor) => {
        const options = { goBackwards, source: sourceOf(tokens) };
        return tf.sum(recurrent("lstm", "lstm", y as tf.Tensor3D, weights, options).outputs);
      })(x);
    const [pooled, each] = [gradient(ids), gradient()];
    const flat = tf.reshape(ids, [B * T]) as tf.Tensor1D;
    const byToken = (dx: tf.Tensor) =>
      tf.unsortedSegmentSum(tf.reshape(dx, [B * T, inputs]), flat, words);
    close([byToken(pooled)], [byToken(each)]);
    const silent = tf.sum(tf.cast(tf.equal(tf.sum(tf.abs(pooled), 2), 0), "int32")).dataSync()[0];
    expect(silent).toBeGreaterThan((B * T) / 3);
  });

  test("tokens change nothing under dropout masks", () => {
    const ids = tf.tensor2d(paddedTokens(T, padding, words), [B, T], "int32");
    const { kernel, recurrentKernel, bias } = weightsOf("gruAfter");
    const x = tf.gather(normal(words, I), ids) as tf.Tensor3D;
    const others: GatedOptions[] = [
      { inputDropoutMask: normal(B, I) },
      { recurrentDropoutMask: normal(B, H) },
    ];
    for (const options of others) {
      const gradient = (tokens?: tf.Tensor) =>
        tf.grad((y: tf.Tensor) => {
          const weights = { kernel, recurrentKernel, bias };
          const given = { ...options, source: sourceOf(tokens) };
          return tf.sum(recurrent("gru", "gruAfter", y as tf.Tensor3D, weights, given).outputs);
        })(x);
      expect(gradient(ids).dataSync()).toEqual(gradient().dataSync());
    }
  });

  test("nothing is left behind", async () => {
    const ids = tf.tensor2d(paddedTokens(T, padding, words), [B, T], "int32");
    const inputs = [normal(words, I), ...Object.values(weightsOf("lstm"))];
    const op = (x: tf.Tensor3D, weights: RecurrentWeights) => [
      recurrent("lstm", "lstm", x, weights, { source: sourceOf(ids) }).outputs,
    ];
    await expectNoTensorLeak(() => {
      tf.dispose(tf.valueAndGrads(lossOf(op, ids, decidedBy))(inputs));
    });
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });
});

test("a call by tokens is the same bits on 1, 2 and 3 threads", async () => {
  await tf.setBackend("wasm");
  const [rows, steps, units] = [40, 60, 32];
  const zeros = Array.from({ length: rows }, (_, b) => (b * 17) % 61);
  const ids = tf.tensor2d(paddedTokens(steps, zeros, words), [rows, steps], "float32");
  const table = normal(words, units);
  const weights = [normal(units, 4 * units), normal(units, 4 * units), normal(4 * units)];
  const indices = tf.cast(ids, "int32");
  const op = (x: tf.Tensor3D, given: RecurrentWeights) => {
    const source = { tokens: ids, decidedBy: "step" } as const;
    const { outputs, state } = recurrent("lstm", "lstm", x, given, { source });
    return [outputs, ...state];
  };
  const results = [1, 2, 3].map((count) => {
    setThreads(count);
    const { value, grads } = tf.valueAndGrads(lossOf(op, indices, "step"))([table, ...weights]);
    return [value, ...grads].map((y) => y.dataSync());
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("an inner gradient of a call by tokens made outside of it is refused: it may be that of x", async () => {
  await tf.setBackend("wasm");
  const ids = tf.tensor2d(paddedTokens(T, padding, words), [B, T], "int32");
  const { kernel, recurrentKernel, bias } = weightsOf("lstm");
  const run = (x: tf.Tensor, source?: TokenSource) => {
    const weights = { kernel, recurrentKernel, bias };
    return tf.sum(recurrent("lstm", "lstm", x as tf.Tensor3D, weights, { source }).outputs);
  };
  const inner = (slope: (x: tf.Tensor) => tf.Tensor) =>
    tf.grad((table) => {
      slope(tf.gather(table, ids));
      return tf.sum(table);
    })(normal(words, I));
  const source: TokenSource = { tokens: ids, decidedBy: "step" };
  const told = (x: tf.Tensor) => {
    const y = run(x, source);
    return tf.grad(() => y)(x);
  };
  expect(() => inner(told)).toThrow(
    "FusedLSTM: expected the inner gradient's function to make the call, which has tokens, itself, got one made outside of it",
  );
  inner((x) => {
    const y = run(x);
    const slope = tf.grad(() => y)(x);
    expect(slope.dataSync()).toEqual(
      tf
        .grad((z) => run(z))(x)
        .dataSync(),
    );
    return slope;
  });
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("tokens of another shape or type than x's rows, and words that say nothing of them, are refused", () => {
  const x = normal(B, T, I) as tf.Tensor3D;
  const run = (tokens: tf.Tensor, decidedBy = "step") => {
    const source = { tokens, decidedBy } as TokenSource;
    return recurrent("lstm", "lstm", x, weightsOf("lstm"), { source });
  };
  expect(() => run(tf.zeros([B, T + 1], "int32"))).toThrow(
    `lstm: expected source.tokens of shape [${B}, ${T}], got [${B}, ${T + 1}]`,
  );
  expect(() => run(tf.zeros([B, T], "bool"))).toThrow(
    "lstm: expected source.tokens of type int32 or float32, got bool",
  );
  expect(() => run(tf.zeros([B, T], "int32"), "row")).toThrow(
    'lstm: expected source.decidedBy to be one of step, start, end, got "row"',
  );
});
