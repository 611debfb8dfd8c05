import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { afterAll, expect, test } from "vitest";
import { lstm } from "../lstm.ts";
import { registerWebGPUKernels } from "./index.ts";

afterAll(() => tf.setBackend("cpu"));

const start = async () => {
  await startWebGPU();
  registerWebGPUKernels();
  await tf.setBackend("webgpu");
};

test.skipIf(!hasDawn)(
  "a variable has the numbers that were assigned to it, also when the call before it is given back",
  async () => {
    await start();
    const x = tf.ones([1, 2, 1]);
    const variable = (value: number) => tf.tidy(() => tf.variable(tf.fill([1, 4], value)));
    const [kernel, recurrentKernel] = [variable(0.1), variable(0.2)];
    const outputs = () => lstm(x, { kernel, recurrentKernel }, { returnSequences: false }).outputs;
    const { numTensors } = tf.memory();
    const numbers = tf.backend().numDataIds();
    for (const value of [0.3, 0.4]) {
      tf.dispose(tf.grad(() => outputs())(kernel));
      tf.tidy(() => kernel.assign(tf.fill([1, 4], value)));
    }
    // The next call gives back what the steps before it kept.
    tf.dispose(tf.tidy(outputs));
    expect(Array.from(await kernel.data())).toEqual(Array(4).fill(Math.fround(0.4)));
    expect(Array.from(await recurrentKernel.data())).toEqual(Array(4).fill(Math.fround(0.2)));
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual([numTensors, numbers]);
    tf.dispose([x, kernel, recurrentKernel]);
  },
);

test.skipIf(!hasDawn)(
  "integers that were cast to float32 are the numbers they are, whichever tensor has them",
  async () => {
    await start();
    // tfjs leaves the words of a buffer as they are, and calls the tensor one of float32.
    const given = (values: number[], shape: number[], isCast: boolean) =>
      isCast ? tf.cast(tf.tensor(values, shape, "int32"), "float32") : tf.tensor(values, shape);
    const numbersOf = async (castOnes: readonly string[]) => {
      const tensors = tf.tidy(() => {
        const of = (name: string, values: number[], shape: number[]) =>
          given(values, shape, castOnes.includes(name));
        const ids = of("ids", [2, 0, 1, 2], [2, 2]);
        const table = of("table", [1, -1, 0, 2, -2, 1], [3, 2]);
        const weights = {
          kernel: of("kernel", [1, 0, -1, 1, 0, 1, 1, -1], [2, 4]),
          recurrentKernel: of("recurrentKernel", [1, -1, 0, 1], [1, 4]),
          bias: of("bias", [0, 1, -1, 0], [4]),
        };
        const initialState = [of("h0", [1, -1], [2, 1]), of("c0", [2, 0], [2, 1])];
        const run = (each: tf.Tensor, kernel: tf.Tensor, h0: tf.Tensor) => {
          const options = { initialState: [h0, initialState[1]!] };
          return lstm({ ids, table: each }, { ...weights, kernel }, options).outputs;
        };
        const arguments_ = [table, weights.kernel, initialState[0]!];
        const gradients = tf.grads(run as never)(
          arguments_,
          of("dOutputs", [1, 0, -1, 2], [2, 2, 1]),
        );
        return [run(...(arguments_ as [tf.Tensor, tf.Tensor, tf.Tensor])), ...gradients];
      });
      const values = [];
      for (const tensor of tensors) values.push((await tensor.data()).slice());
      tf.dispose(tensors);
      return values;
    };
    const names = ["ids", "table", "kernel", "recurrentKernel", "bias", "h0", "c0", "dOutputs"];
    const expected = await numbersOf([]);
    const { numTensors } = tf.memory();
    const numbers = tf.backend().numDataIds();
    for (const casts of [...names.map((name) => [name]), names]) {
      expect([casts, await numbersOf(casts)]).toEqual([casts, expected]);
    }
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual([numTensors, numbers]);
  },
);
