// The engine of WebAssembly kernels: tfjs's tensors in and out of `forward` and `backward`.

import { cellTable, typedArrayName } from "@rnnkit/core-rnn";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import { isFusedActivation } from "../activation-names.ts";
import { type GradientName, type InputName, stateNamesOf } from "../call.ts";
import type { Cotangents, EngineCall, KernelEngine } from "../engine.ts";
import { newTensors, readableBackends, readTensors, writeTensor } from "../tfjs/tensor-access.ts";
import type { ForwardArrays } from "./arrays.ts";
import { backwardTogether, gradientOf } from "./backward.ts";
import { forwardTogether } from "./forward.ts";
import { isEngineSupported } from "./instance.ts";
import type { WasmSavedCall } from "./saved-call.ts";
import { singleStep } from "./single-step.ts";
import { idsOf } from "./token-ids.ts";
import { scatterTokenGradients } from "./token-plan.ts";

/** Runs on every backend whose tensors can be read at once, with the activations that are fused. */
export const wasmEngine: KernelEngine<WasmSavedCall> = {
  kind: "kernels",
  name: "WebAssembly",

  refuses({ activation, recurrentActivation }, backendName) {
    if (!isEngineSupported()) {
      return "this runtime has no WebAssembly SIMD, or a policy forbids compiling (wasm-unsafe-eval)";
    }
    if (!readableBackends.includes(backendName)) {
      return `the fused kernels do not run on the ${backendName} backend`;
    }
    if (isFusedActivation(activation) && isFusedActivation(recurrentActivation)) return undefined;
    return `${activation}/${recurrentActivation} is not a fused activation`;
  },

  forward(calls, backend, training) {
    const done = calls.length === 1 && !training ? singleStep(calls[0], backend) : undefined;
    if (done) return [done];
    const data = readCalls(calls, backend);
    const results = forwardTogether(
      calls.map(({ shape }, i) => ({ shape: { ...shape, training }, data: data[i] })),
    );
    try {
      return results.map(({ outputs, state, saved }, i) => {
        const { B, T, H, returnSequences } = calls[i].shape;
        return {
          outputs: writeTensor(backend, returnSequences ? [B, T, H] : [B, H], outputs),
          state: state.map((values) => writeTensor(backend, [B, H], values)),
          saved,
        };
      });
    } finally {
      for (const { release } of results) release();
    }
  },

  backward(saved, cotangents, backend, needsInput) {
    const arrays = readCotangents(cotangents, backend);
    const calls = saved.map((call, i) => {
      const [outputs, h, c] = arrays[i];
      return { saved: call, cotangents: { outputs, h, c } };
    });
    backwardTogether(calls, needsInput);
    return saved.map((call) => (name: GradientName) => gradientTensor(call, name, backend));
  },

  release: (saved) => saved.release(),
};

/** The numbers of all directions' tensors: reading one may move others, so they are read together. */
function readCalls(calls: readonly EngineCall[], backend: KernelBackend): ForwardArrays[] {
  const tensors = Object.fromEntries(
    calls.flatMap(({ inputs }, i) =>
      Object.entries(inputs).map(([name, tensor]) => [`${i} ${name}`, tensor as TensorInfo]),
    ),
  );
  const arrays = readTensors(backend, tensors);
  return calls.map(({ who, shape }, i) => {
    const read = (name: InputName) => arrays[`${i} ${name}`] as Float32Array | undefined;
    const states = stateNamesOf(shape).map(read);
    const table = read("table");
    return {
      x: read("x"),
      lookup: table && { ids: idsOf(who, read("ids") ?? [], table.length / shape.I), table },
      prefixIds: read("prefixIds"),
      kernel: read("kernel") as Float32Array,
      recurrentKernel: read("recurrentKernel") as Float32Array,
      bias: read("bias"),
      initialState: states[0] && (states as Float32Array[]),
      mask: bytesOf(read("mask")),
      inputDropoutMask: read("inputDropoutMask"),
      recurrentDropoutMask: read("recurrentDropoutMask"),
    };
  });
}

/** In a mask of int32 any number but 0 keeps a step. */
function bytesOf(mask: ArrayLike<number> | undefined): Uint8Array | undefined {
  if (!mask || typedArrayName(mask) === "Uint8Array") return mask as Uint8Array | undefined;
  return Uint8Array.from(mask, (m) => (m ? 1 : 0));
}

function readCotangents(
  cotangents: readonly Cotangents[],
  backend: KernelBackend,
): Float32Array[][] {
  const tensors = cotangents.flatMap(({ outputs, state }, i) =>
    [outputs, ...state].map((tensor, k) => [`${i} ${k}`, tensor] as const),
  );
  const arrays = readTensors(backend, Object.fromEntries(tensors));
  return cotangents.map(({ state }, i) =>
    [0, ...state.keys()].map((_, k) => arrays[`${i} ${k}`] as Float32Array),
  );
}

/** A gradient of the last backward pass as a tensor. */
function gradientTensor(
  saved: WasmSavedCall,
  name: GradientName,
  backend: KernelBackend,
): TensorInfo {
  const { B, T, I, H, cell } = saved.shape;
  if (name === "table") return tableGradient(saved, backend);
  const columns = saved.layout.G * H;
  const shapes: Record<Exclude<GradientName, "table">, number[]> = {
    x: [B, T, I],
    kernel: [I, columns],
    recurrentKernel: [H, columns],
    bias: cellTable[cell].biasRows === 1 ? [columns] : [2, columns],
    h0: [B, H],
    c0: [B, H],
  };
  return writeTensor(backend, shapes[name], gradientOf(saved, name));
}

/** Of the distinct tokens' vectors, or of each step's, added up by the table's rows. */
function tableGradient(saved: WasmSavedCall, backend: KernelBackend): TensorInfo {
  const { shape, layout, plan, lookup } = saved;
  if (!lookup) throw new Error("fused-rnn: expected a lookup, which has a table, got a sequence");
  const { arrays, finish } = newTensors(backend, [lookup.rows, shape.I], 1);
  const width = plan.tokens ? layout.tokenVectorRow / 4 : shape.I;
  scatterTokenGradients(gradientOf(saved, "x"), width, lookup.ids, arrays[0], shape.I);
  return finish()[0];
}
