// An engine in memory: core-rnn in float64, on tensors of backends that can be read at once. It shows how little an
// engine needs to be, and that the operations know no other thing of one.

import type { KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { CallShape, GradientName } from "./call.ts";
import type { Numbers } from "./conformance/call.fixture.ts";
import {
  type ReferencePass,
  referenceBackward,
  referenceForward,
} from "./conformance/reference.fixture.ts";
import type { EngineCall, KernelEngine } from "./engine.ts";
import { readableBackends, readTensor, writeTensor } from "./tfjs/tensor-access.ts";

interface SavedPass extends ReferencePass {
  shape: CallShape;
  numbers: Numbers;
  inputs: EngineCall["inputs"];
}

const idsOf = (who: string, given: ArrayLike<number>, rows: number) =>
  Int32Array.from(given, (id) => {
    if (id > -1 && id < rows) return id;
    throw new Error(`${who}: expected ids from 0 to below ${rows}, got ${id}`);
  });

/** Copies, as tensors of a heap may move. */
function numbersOf({ who, inputs }: EngineCall, backend: KernelBackend): Numbers {
  const read = ([name, tensor]: [string, Tensor]) => [name, readTensor(backend, tensor).slice()];
  const numbers: Numbers = Object.fromEntries(Object.entries(inputs).map(read));
  const { ids, mask } = numbers;
  if (ids) numbers.ids = idsOf(who, ids, inputs.table?.shape[0] ?? 0);
  // In a mask of int32 any number but 0 keeps a step.
  if (mask) numbers.mask = Uint8Array.from(mask, (m) => (m === 0 ? 0 : 1));
  return numbers;
}

/** Runs everything that can be read at once. */
export const referenceEngine: KernelEngine<SavedPass> = {
  kind: "kernels",
  name: "core-rnn",
  backends: "a backend that can be read at once",
  refuses: (_, backendName) =>
    readableBackends.includes(backendName) ? undefined : `${backendName} cannot be read at once`,

  forward(calls, backend, training) {
    const passes = calls.map((call): SavedPass => {
      const numbers = numbersOf(call, backend);
      const { shape, inputs } = call;
      return { shape, inputs, numbers, ...referenceForward(shape, numbers) };
    });
    return passes.map((pass) => {
      const { B, T, H, returnSequences } = pass.shape;
      const [outputs, ...state] = pass.results.map((values, k) =>
        write(backend, k === 0 && returnSequences ? [B, T, H] : [B, H], values),
      );
      return { outputs, state, saved: training ? pass : undefined };
    });
  },

  backward(saved, cotangents, backend) {
    return saved.map(({ shape, numbers, inputs, tape }, i) => {
      const { outputs, state } = cotangents[i];
      const given = [outputs, ...state].map((tensor) => readTensor(backend, tensor).slice());
      const gradients = referenceBackward(shape, numbers, tape, given);
      return (name: GradientName) =>
        write(backend, (inputs[name] as Tensor).shape, gradients[name]);
    });
  },

  release: () => {},
};

function write(backend: KernelBackend, shape: number[], values: ArrayLike<number>): TensorInfo {
  return writeTensor(backend, shape, Float32Array.from(values));
}
