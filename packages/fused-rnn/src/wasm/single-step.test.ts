import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers";
import { seededRandom, weightShapes } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test, vi } from "vitest";
import { fusedActivations } from "../activation-names.ts";
import { gru, lstm, simpleRnn } from "../index.ts";
import { getInstance } from "./instance.ts";

beforeAll(() => tf.setBackend("wasm"));

const ops = { simpleRnn, lstm, gru };
const kinds = { simpleRnn: "simpleRnn", lstm: "lstm", gru: "gruAfter" } as const;
type Name = keyof typeof ops;
const names = Object.keys(ops) as Name[];

interface Sizes {
  B: number;
  I: number;
  H: number;
  T: number;
}

function problem(name: Name, { B, I, H, T }: Sizes, bias: boolean, seed: number) {
  const random = seededRandom(seed);
  const shapes = weightShapes(kinds[name], I, H);
  const normal = (shape: number[], scale: number) =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
      shape,
    );
  const weights = {
    kernel: normal(shapes.kernel, 1 / Math.sqrt(I)),
    recurrentKernel: normal(shapes.recurrentKernel, 1 / Math.sqrt(H)),
    bias: bias ? normal(shapes.bias, 0.5) : undefined,
  };
  return { x: normal([B, T, I], 1) as tf.Tensor3D, weights };
}

const activation = fc.constantFrom(...fusedActivations);

test.each(names)("%s: one step at a time has the bits of the whole sequence", (name) => {
  const engineCalls = vi.spyOn(getInstance().heap, "allocate");
  fc.assert(
    fc.property(
      fc.record({
        B: fc.integer({ min: 1, max: 4 }),
        I: fc.integer({ min: 1, max: 19 }),
        H: fc.integer({ min: 8, max: 40 }),
        T: fc.integer({ min: 2, max: 4 }),
      }),
      fc.record({
        activation,
        // A SimpleRNN has no gates.
        ...(name !== "simpleRnn" && {
          recurrentActivation: fc.constantFrom("sigmoid", "hard_sigmoid"),
        }),
      }),
      fc.boolean(),
      fc.nat(),
      (sizes, options, bias, seed) => {
        tf.tidy(() => {
          const { x, weights } = problem(name, sizes, bias, seed);
          const run = (part: tf.Tensor3D, initialState?: tf.Tensor[]) =>
            ops[name](part, weights, { ...options, initialState } as never);
          const expected = run(x);
          engineCalls.mockClear();
          let state: tf.Tensor[] | undefined;
          const steps = (tf.split(x, sizes.T, 1) as tf.Tensor3D[]).map((part) => {
            const result = run(part, state);
            state = result.state;
            return result.outputs;
          });
          expect(engineCalls).not.toHaveBeenCalled();
          expect(tf.concat(steps, 1).dataSync()).toEqual(expected.outputs.dataSync());
          for (const [i, last] of state!.entries())
            expect(last.dataSync()).toEqual(expected.state[i].dataSync());
        });
      },
    ),
  );
});

test.each(names)(
  "%s: the output of one step and its state are tensors of their own",
  async (name) => {
    await expectNoTensorLeak(() => {
      const { x, weights } = problem(name, { B: 1, I: 3, H: 8, T: 1 }, true, 1);
      const { outputs, state } = ops[name](x, weights, { returnSequences: false });
      const numbers = outputs.dataSync().slice();
      outputs.dispose();
      expect(state[0].dataSync()).toEqual(numbers);
      const next = ops[name](x, weights, { initialState: state });
      tf.dispose(state);
      expect(next.outputs.shape).toEqual([1, 1, 8]);
      expect(next.outputs.dataSync()).not.toEqual(numbers);
      tf.dispose([x, Object.values(weights), next.outputs, next.state]);
    });
  },
);

test.each(names)(
  "%s: a step takes tensors from another backend, and its gradient is the engine's",
  async (name) => {
    const sizes = { B: 2, I: 5, H: 9, T: 1 };
    await tf.setBackend("cpu");
    const { x, weights } = problem(name, sizes, true, 2);
    const sum = (kernel: tf.Tensor) =>
      tf.sum(ops[name](x, { ...weights, kernel }).outputs) as tf.Scalar;
    const expected = [sum(weights.kernel), tf.grad(sum)(weights.kernel)].map((t) => t.dataSync());
    await tf.setBackend("wasm");
    const got = [sum(weights.kernel), tf.grad(sum)(weights.kernel)].map((t) => t.dataSync());
    for (const [i, values] of got.entries())
      expect(values).toBeAllclose(expected[i], { rtol: 1e-6, atol: 1e-6 });
  },
);

test("single steps give back what a gradient before them has kept", () => {
  const { x, weights } = problem("lstm", { B: 2, I: 5, H: 9, T: 3 }, true, 3);
  const { heap } = getInstance();
  const step = () => tf.dispose(Object.values(lstm(tf.ones([1, 1, 5]), weights)).flat());
  step();
  const mark = heap.used();
  tf.grad((kernel: tf.Tensor) => tf.sum(lstm(x, { ...weights, kernel }).outputs))(weights.kernel);
  expect(heap.used()).toBeGreaterThan(mark);
  step();
  expect(heap.used()).toBe(mark);
});

test.each(names)(
  "%s: a step of a lookup is right where its result makes tfjs's heap grow",
  (name) => {
    const { x, weights } = problem(name, { B: 3, I: 5, H: 9, T: 1 }, true, 4);
    const table = tf.reshape(tf.concat([tf.ones([4, 1, 5]), x]), [7, 5]);
    const ids = tf.tensor2d([[5], [4], [6]], [3, 1], "int32");
    const step = () => ops[name]({ ids, table }, weights).outputs.dataSync();
    const wanted = step();
    const backend = tf.backend() as tf.KernelBackend & { makeOutput(...given: unknown[]): unknown };
    const make = backend.makeOutput.bind(backend);
    const grown = vi.spyOn(backend, "makeOutput").mockImplementationOnce((...given) => {
      make([1 << 27], "float32");
      return make(...given);
    });
    expect(step()).toEqual(wanted);
    grown.mockRestore();
    const gathered = ops[name](tf.gather(table, ids), weights).outputs;
    expect(gathered.dataSync()).toEqual(wanted);
  },
);
