// On tfjs-node, whose tensors lie in TensorFlow: read at once, by copies.
import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { type CellKind, seededRandom, weightShapes } from "@rnnkit/core-rnn";
import { withTfjsNode } from "@rnnkit/test-kit/tfjs-node";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { engineConformance } from "./engine-conformance.fixture.ts";
import {
  adamUpdate,
  type GatedOptions,
  gru,
  lstm,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
  rmspropUpdate,
  simpleRnn,
  takeRows,
} from "./index.ts";
import { wasmEngine } from "./wasm/engine.ts";
import { poison } from "./wasm/poison.fixture.ts";

const backend = "tensorflow";
const [B, T, I, H, words] = [3, 4, 5, 8, 6];

type Run = (x: RecurrentInput, weights: RecurrentWeights, options: GatedOptions) => RecurrentResult;
const cells: Record<string, [CellKind, Run]> = {
  simpleRnn: ["simpleRnn", (x, w, { mask }) => simpleRnn(x, w, { mask })],
  lstm: ["lstm", lstm],
  gru: ["gruAfter", gru],
  "gru, reset before": ["gruBefore", (x, w, o) => gru(x, w, { ...o, resetAfter: false })],
};

if (withTfjsNode()) {
  // The kernels are those that cpu and wasm are tested with; what is another is how numbers come and go.
  const isSlow = true;
  engineConformance({ engine: wasmEngine, backend, tolerances: tolerances.wasm, isSlow, poison });

  describe.each(["cpu", "wasm"])("tensors made on %s come to tfjs-node", (made) => {
    test.each(Object.entries(cells))("%s", async (_, [kind, run]) => {
      await tf.setBackend(made);
      const random = seededRandom(1);
      const shapes = weightShapes(kind, I, H);
      const given = [[words, I], shapes.kernel, shapes.recurrentKernel, shapes.bias].map((shape) =>
        tf.randomNormal(shape, 0, 0.5, "float32", Math.floor(1e6 * random.uniform())),
      );
      const ids = tf.tensor2d([0, 1, 2, 3, 5, 4, 3, 2, 1, 0, 1, 5], [B, T], "int32");
      const mask = tf.tensor2d([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0], [B, T], "bool");
      const numbers = () => {
        const loss = (...[table, kernel, recurrentKernel, bias]: tf.Tensor[]) => {
          const { outputs } = run(
            { ids, table: table! },
            { kernel, recurrentKernel, bias } as never,
            {
              mask,
            },
          );
          return tf.sum(tf.square(outputs));
        };
        return tf.tidy(() => {
          const { value, grads } = tf.valueAndGrads(loss)(given);
          return [value, ...grads].map((tensor) => tensor.dataSync());
        });
      };
      const wanted = numbers();
      const before = tf.memory().numTensors;
      await tf.setBackend(backend);
      for (const [k, got] of numbers().entries())
        expect(got).toBeAllclose(wanted[k], tolerances.backends.calls);
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose([ids, mask, given]);
    });

    test("an optimizer's weights and slots, and the rows of a batch", async () => {
      await tf.setBackend(made);
      const [value, gradient, zeros] = [
        [1, 2, 3],
        [0.5, -1, 0],
        [0, 0, 0],
      ].map((row) => tf.tensor1d(row)) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const numbers = () =>
        tf.tidy(() => {
          const rates = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
          const weight = { value, gradient };
          return [
            ...adamUpdate({ ...weight, m: zeros, v: zeros }, { stepSize: 0.01, ...rates }),
            ...rmspropUpdate(
              { ...weight, meanSquare: zeros, moment: zeros },
              { learningRate: 0.01, rho: 0.9, momentum: 0.5, epsilon: 1e-7 },
            ),
            takeRows(gradient, Int32Array.of(2, 0)),
          ].map((tensor) => [...tensor.dataSync()]);
        });
      const wanted = numbers();
      await tf.setBackend(backend);
      for (const [k, got] of numbers().entries())
        expect(got).toBeAllclose(wanted[k], { rtol: 1e-6, atol: 0 });
      tf.dispose([value, gradient, zeros]);
    });
  });
}
