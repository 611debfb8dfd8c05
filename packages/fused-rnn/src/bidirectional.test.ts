import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { cellTable, seededRandom, weightShapes } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bidirectional } from "./bidirectional.ts";
import { engineMemory } from "./engine-memory.ts";
import { type GruOptions, gru } from "./gru.ts";
import { lstm } from "./lstm.ts";
import type { RecurrentWeights } from "./options.ts";
import { simpleRnn } from "./simple-rnn.ts";
import { setThreads } from "./wasm/instance.ts";

beforeAll(() => {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(entry)}/`);
});

const random = seededRandom(11);
const normal = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.7 * random.normal()),
    shape,
  );

const [B, T, I, H] = [3, 5, 4, 6];
const ops = { simpleRnn, lstm, gru };
type Op = keyof typeof ops;
const kinds = { simpleRnn: "simpleRnn", lstm: "lstm", gru: "gruAfter" } as const;

const weightsOf = (cell: Op, units = H): RecurrentWeights => {
  const { kernel, recurrentKernel, bias } = weightShapes(kinds[cell], I, units);
  return {
    kernel: normal(...kernel),
    recurrentKernel: normal(...recurrentKernel),
    bias: normal(...bias),
  };
};
const statesOf = (cell: Op) => cellTable[kinds[cell]].states.map(() => normal(B, H));
const mask = () => tf.tensor([1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0], [B, T], "bool");

const variants: [string, (cell: Op) => [GruOptions?, GruOptions?]][] = [
  ["as they are", () => []],
  ["last outputs", () => [{ returnSequences: false }, { returnSequences: false }]],
  ["with states", (cell) => [cell, cell].map((c) => ({ initialState: statesOf(c) })) as never],
  ["in one order", () => [{}, { reverseOutputs: true }]],
  [
    "masked, the first backwards",
    () => {
      const shared = mask();
      const options = { mask: shared, zeroOutputForMask: true };
      return [
        { ...options, goBackwards: true, reverseOutputs: true },
        { ...options, reverseOutputs: false },
      ];
    },
  ],
  [
    "with dropout masks of their own",
    () => [0, 1].map(() => ({ inputDropoutMask: normal(B, I) })) as never,
  ],
];

/** All outputs and states, and the gradients of their weighted sum in x and every weight. */
function everything(run: (x: tf.Tensor3D, weights: RecurrentWeights[]) => tf.Tensor[]) {
  return (x: tf.Tensor3D, weights: RecurrentWeights[]): Float32Array[] =>
    tf.tidy(() => {
      const results = run(x, weights);
      const flat = weights.flatMap((each) => Object.values(each) as tf.Tensor[]);
      const loss = (dx: tf.Tensor, ...all: tf.Tensor[]) => {
        const parts = [0, 3].map((at) => {
          const [kernel, recurrentKernel, bias] = all.slice(at, at + 3);
          return { kernel: kernel!, recurrentKernel: recurrentKernel!, bias };
        });
        const terms = run(dx as tf.Tensor3D, parts).map((y, k) =>
          tf.sum(tf.mul(y, tf.sin(tf.add(tf.reshape(tf.range(0, y.size), y.shape), k)))),
        );
        return tf.addN(terms) as tf.Scalar;
      };
      const gradients = tf.grads(loss)([x, ...flat]);
      return [...results, ...gradients].map((tensor) => tensor.dataSync() as Float32Array);
    });
}

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  describe.each(["simpleRnn", "lstm", "gru"] as const)("%s", (cell) => {
    test.each(variants)("two directions %s are two calls, gradients too", (_, optionsOf) => {
      const x = normal(B, T, I) as tf.Tensor3D;
      const weights = [weightsOf(cell), weightsOf(cell)];
      const [first = {}, second = {}] = optionsOf(cell);
      const together = everything((input, [w, v]) =>
        bidirectional(cell, input, [w!, v!], [first, second]).flatMap(({ outputs, state }) => [
          outputs,
          ...state,
        ]),
      )(x, weights);
      const apart = everything((input, each) =>
        [first, second].flatMap((options, i) => {
          const goBackwards = i === 0 ? first.goBackwards : !first.goBackwards;
          const { outputs, state } = ops[cell](input, each[i]!, { ...options, goBackwards });
          return [outputs, ...state];
        }),
      )(x, weights);
      // dx is the sum of both, in whatever order tfjs adds.
      const sequences = together.length - 7;
      expect(together.length).toBe(apart.length);
      for (const [k, values] of together.entries()) {
        if (k === sequences) expect(values).toBeAllclose(apart[k]!, { rtol: 1e-6, atol: 1e-6 });
        else expect(values).toEqual(apart[k]);
      }
    });
  });

  test("directions of other sizes, and activations that are composed, run one after the other", () => {
    const x = normal(B, T, I) as tf.Tensor3D;
    const weights = [weightsOf("lstm"), weightsOf("lstm", 3)] as const;
    const [wide, narrow] = bidirectional("lstm", x, weights);
    expect(wide.outputs.dataSync()).toEqual(lstm(x, weights[0]).outputs.dataSync());
    const backwards = lstm(x, weights[1], { goBackwards: true });
    expect(narrow.outputs.dataSync()).toEqual(backwards.outputs.dataSync());
    const gelu = { activation: "gelu" } as const;
    const [first] = bidirectional("lstm", x, [weights[0], weights[0]], [gelu, gelu]);
    expect(first.outputs.dataSync()).toEqual(lstm(x, weights[0], gelu).outputs.dataSync());
  });

  test("nothing is left behind, whether a gradient is asked for or not", async () => {
    const x = normal(B, T, I) as tf.Tensor3D;
    const [w, v] = [weightsOf("lstm"), weightsOf("lstm")];
    await expectNoTensorLeak(() => {
      for (const { outputs, state } of bidirectional("lstm", x, [w, v]))
        tf.dispose([outputs, state]);
      tf.dispose(
        tf.grad((input: tf.Tensor) =>
          tf.sum(bidirectional("lstm", input as tf.Tensor3D, [w, v])[1].outputs),
        )(x),
      );
    });
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });
});

test("one row in two directions gives the same bits on one thread and on two", () => {
  const [steps, units] = [400, 96];
  const x = normal(1, steps, I) as tf.Tensor3D;
  const weights = [weightsOf("lstm", units), weightsOf("lstm", units)] as const;
  const all = [1, 2].map((threads) => {
    setThreads(threads);
    return everything((input, [w, v]) =>
      bidirectional("lstm", input, [w!, v!]).map(({ outputs }) => outputs),
    )(x, [...weights]);
  });
  expect(all[1]).toEqual(all[0]);
});

test("a wrong weight of the second direction is refused by name, and the next call works", () => {
  const x = normal(B, T, I) as tf.Tensor3D;
  const [w, v] = [weightsOf("gru"), weightsOf("gru")];
  const wrong = { ...v, kernel: normal(I, H) };
  expect(() => bidirectional("gru", x, [w, wrong])).toThrow(
    "bidirectional: expected kernel of shape [4, 18], got [4, 6]",
  );
  expect(() => bidirectional("gru", x, [w, v], [{}, { resetAfter: false }])).toThrow(
    "bidirectional: expected both directions to have resetAfter true, got false",
  );
  expect(bidirectional("gru", x, [w, v])[0].outputs.shape).toEqual([B, T, H]);
});
