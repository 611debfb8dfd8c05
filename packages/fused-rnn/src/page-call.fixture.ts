// What page.test.ts runs in a page and in a worker of it; Node makes the same numbers for comparison.

import type { CellKind, CellName } from "@rnnkit/core-rnn";
import { cellTable, seededRandom, weightShapes } from "@rnnkit/core-rnn";
import {
  addN,
  mul,
  sum,
  type Tensor,
  type Tensor3D,
  tensor,
  tidy,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import * as fused from "./index.ts";
import type { ForwardArrays } from "./wasm/arrays.ts";
import { getInstance } from "./wasm/instance.ts";

/** B, T, I, H. */
export type Sizes = readonly [B: number, T: number, I: number, H: number];

const operations: Pick<typeof fused, CellName> = fused;

/** A masked training call with its cotangents, of the outputs first: uniform draws, so exact anywhere. */
export function callOf(
  cell: CellKind,
  [B, T, I, H]: Sizes,
): Required<Pick<ForwardArrays, "x" | "kernel" | "recurrentKernel" | "bias" | "mask">> & {
  initialState: Float32Array[];
  cotangents: Float32Array[];
} {
  const { uniform } = seededRandom(5);
  const draw = (n: number) => Float32Array.from({ length: n }, () => uniform() - 0.5);
  const { gates, states, biasRows } = cellTable[cell];
  const G = gates.length;
  return {
    x: draw(B * T * I),
    kernel: draw(I * G * H),
    recurrentKernel: draw(H * G * H),
    bias: draw(biasRows * G * H),
    initialState: states.map(() => draw(B * H)),
    mask: Uint8Array.from({ length: B * T }, () => (uniform() < 0.8 ? 1 : 0)),
    cotangents: [draw(B * T * H), ...states.map(() => draw(B * H))],
  };
}

/** Outputs, final states, then the gradients in x, kernel, recurrent kernel, bias and initial states. */
export function trained(cell: CellKind, sizes: Sizes): number[][] {
  const [B, T, I, H] = sizes;
  const { name, options: ofKind } = cellTable[cell];
  const shapes = weightShapes(cell, I, H);
  const call = callOf(cell, sizes);
  return tidy(() => {
    const mask = tensor(call.mask, [B, T], "bool");
    const run = (
      x: Tensor,
      kernel: Tensor,
      recurrentKernel: Tensor,
      bias: Tensor,
      ...h: Tensor[]
    ) => {
      const weights = { kernel, recurrentKernel, bias };
      const options = { initialState: h, mask };
      const sequence = x as Tensor3D;
      const { outputs, state } = operations[name](sequence, weights, { ...options, ...ofKind });
      return [outputs, ...state];
    };
    const inputs = [
      tensor(call.x, [B, T, I]),
      tensor(call.kernel, shapes.kernel),
      tensor(call.recurrentKernel, shapes.recurrentKernel),
      tensor(call.bias, shapes.bias),
      ...call.initialState.map((state) => tensor(state, [B, H])),
    ] as const;
    const results = run(...inputs);
    const cotangents = results.map(({ shape }, k) => tensor(call.cotangents[k], shape));
    const { grads } = valueAndGrads((...tensors: Tensor[]) =>
      addN(run(...(tensors as unknown as typeof inputs)).map((y, k) => sum(mul(y, cotangents[k])))),
    )([...inputs]);
    return [...results, ...grads].map((result) => [...result.dataSync()]);
  });
}

/** Waits until workers of the engine are up: they do not keep a call waiting. */
export async function workersUp(count: number, sizes: Sizes): Promise<number> {
  const until = Date.now() + 5000;
  do {
    trained("lstm", sizes);
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (getInstance().pool.started() < count && Date.now() < until);
  return getInstance().pool.started();
}
