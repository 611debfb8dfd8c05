// What page-memory.test.ts runs in a page and in a worker of it: each kernel that works inside tfjs's memory.

import "@tensorflow/tfjs-layers";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { adamUpdate, gru, lstm, registerKernels, rmspropUpdate, simpleRnn } from "./index.ts";

/** The bits of what each kernel gives, the refusal of a row that is not there, and whether the memory is shared. */
export async function inTfjsMemory(
  files: string,
): Promise<{ isShared: boolean; bits: number[][]; refusal: string }> {
  setWasmPaths(files);
  await tf.setBackend("wasm");
  registerKernels();
  let seed = 0;
  const uniform = (...shape: number[]) =>
    tf.randomUniform(shape, -1, 1, "float32", ++seed) as tf.Tensor;
  const positive = (...shape: number[]) => tf.abs(uniform(...shape));
  const table = uniform(7, 5);
  const ids = tf.tensor1d([3, 0, 6, 3, 1], "int32");
  const rows = tf.gather(table, ids);
  const [B, I, H] = [3, 5, 9];
  const states = (count: number) => Array.from({ length: count }, () => uniform(B, H));
  const weights = (gates: number, ...bias: number[]) => ({
    kernel: uniform(I, gates * H),
    recurrentKernel: uniform(H, gates * H),
    bias: uniform(...bias),
  });
  const x = uniform(B, 1, I);
  const steps = [
    simpleRnn(x, weights(1, H), { initialState: states(1) }),
    lstm(x, weights(4, 4 * H), { initialState: states(2) }),
    gru(x, weights(3, 2, 3 * H), { initialState: states(1) }),
  ];
  const adamNumbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-7 };
  const rmspropNumbers = { learningRate: 0.1, rho: 0.9, momentum: 0.5, epsilon: 1e-7 };
  const results = [
    rows,
    tf.unsortedSegmentSum(rows, ids, 7),
    tf.reverse(table, [0, 1]),
    tf.concat([table, rows], 0),
    ...tf.split(table, [2, 3], 1),
    ...steps.flatMap(({ outputs, state }) => [outputs, ...state]),
    ...adamUpdate(
      {
        value: uniform(11),
        gradient: uniform(11),
        m: uniform(11),
        v: positive(11),
        vHat: positive(11),
      },
      adamNumbers,
    ),
    ...rmspropUpdate(
      {
        ...{ value: uniform(11), gradient: uniform(11), meanSquare: positive(11) },
        ...{ moment: uniform(11), meanGradient: tf.zeros([11]) },
      },
      rmspropNumbers,
    ),
  ];
  const bits = results.map((tensor) => [...new Int32Array(tensor.dataSync().slice().buffer)]);
  let refusal = "";
  try {
    // Ours alone looks at each index.
    tf.gather(table, tf.tensor1d([7], "int32"));
  } catch (error) {
    refusal = (error as Error).message;
  }
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { isShared: !(wasm.HEAPU8.buffer instanceof ArrayBuffer), bits, refusal };
}
