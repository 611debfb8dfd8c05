// An optimizer's update of one weight as one kernel: composed of tfjs operations it is a dozen passes
// over the weight, and for an Embedding of 10,000 rows they cost more than its lookup.

import {
  getBackend,
  getKernel,
  type KernelBackend,
  type KernelConfig,
  type NamedAttrMap,
  registerKernel,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";
import { engineBackends } from "./kernels.ts";
import { type TensorKernels, tensorKernelsOf } from "./tensor-kernels.ts";
import { newTensors, readTensor, readTensors } from "./tensor-memory.ts";

/** Numbers of an RMSprop update. */
export interface RmspropNumbers {
  learningRate: number;
  /** Decay of the mean square. */
  rho: number;
  /** Part of the last step that is repeated. */
  momentum: number;
  /** Added to the mean square, inside the root. */
  epsilon: number;
}

/** Numbers of an Adam update. */
export interface AdamNumbers {
  /** η √(1 - β₂ᵗ) / (1 - β₁ᵗ), t the number of this step from 1. */
  stepSize: number;
  beta1: number;
  beta2: number;
  /** Added to √v. */
  epsilon: number;
}

/** From a weight's tensors to new ones, in JavaScript and where the tensors lie. */
interface Update {
  run(numbers: never, tensors: Float32Array[], results: Float32Array[]): void;
  runInPlace(
    kernels: TensorKernels,
    numbers: never,
    n: number,
    tensors: number[],
    results: number[],
  ): void;
}

// The same as in assembly/flush.ts, where it saves time: the numbers do not depend on the backend.
const LEAST_MEAN = 2 ** -115;

const flushed = (x: number, least: number) => (Math.abs(x) < least ? 0 : x);
const leastSquared = (share: number) => (share > 0 ? Math.sqrt(LEAST_MEAN / share) : 0);

/** v ← ρ v + (1 - ρ) g²   s ← μ s + η g / √(v + ε)   w ← w - s */
function rmsprop(
  { learningRate, rho, momentum, epsilon }: RmspropNumbers,
  [w, g, v, s]: Float32Array[],
  [newW, newV, newS]: Float32Array[],
): void {
  const rest = 1 - rho;
  const least = leastSquared(rest);
  for (let i = 0; i < w.length; i++) {
    const gradient = flushed(g[i], least);
    const square = rho * flushed(v[i], LEAST_MEAN) + rest * gradient * gradient;
    newV[i] = square;
    // No gradient is no step, even where v and ε are 0.
    let step = gradient === 0 ? 0 : (learningRate * gradient) / Math.sqrt(square + epsilon);
    if (s) {
      step += momentum * flushed(s[i], LEAST_MEAN);
      newS[i] = step;
    }
    newW[i] = w[i] - step;
  }
}

function adam(
  { stepSize, beta1, beta2, epsilon }: AdamNumbers,
  [w, g, m, v]: Float32Array[],
  [newW, newM, newV]: Float32Array[],
): void {
  const least = leastSquared(1 - beta2);
  for (let i = 0; i < w.length; i++) {
    const gradient = flushed(g[i], least);
    const [m0, v0] = [flushed(m[i], LEAST_MEAN), flushed(v[i], LEAST_MEAN)];
    const first = m0 + (1 - beta1) * (gradient - m0);
    const second = v0 + (1 - beta2) * (gradient * gradient - v0);
    newM[i] = first;
    newV[i] = second;
    // No moment is no step, even where v and ε are 0.
    newW[i] = first === 0 ? w[i] : w[i] - (stepSize * first) / (Math.sqrt(second) + epsilon);
  }
}

const updates: Record<"RmspropUpdate" | "AdamUpdate", Update> = {
  RmspropUpdate: {
    run: rmsprop,
    runInPlace(
      kernels,
      { learningRate, rho, momentum, epsilon }: RmspropNumbers,
      n,
      [w, g, v, s = 0],
      [newW, newV, newS = 0],
    ) {
      const factors = [learningRate, rho, 1 - rho, momentum, epsilon] as const;
      kernels.rmsprop(n, w, g, v, s, newW, newV, newS, ...factors);
    },
  },
  AdamUpdate: {
    run: adam,
    runInPlace(
      kernels,
      { stepSize, beta1, beta2, epsilon }: AdamNumbers,
      n,
      [w, g, m, v],
      [newW, newM, newV],
    ) {
      kernels.adam(n, w, g, m, v, newW, newM, newV, stepSize, 1 - beta1, 1 - beta2, epsilon);
    },
  },
};

function kernelOf(kernelName: keyof typeof updates, backendName: string): KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const names = ["value", "gradient", "first", "second"].filter((name) => inputs[name]);
      const memory = backend as KernelBackend;
      const given = inputs as Record<string, TensorInfo>;
      // Read before, so that all are here: reading one from another backend moves it, which may grow
      // the heap under the results.
      readTensors(memory, given);
      // A result for each tensor but the gradient.
      const { arrays, finish } = newTensors(memory, given.value.shape, names.length - 1);
      const inputsNow = names.map((name) => readTensor(memory, given[name]) as Float32Array);
      const kernels = tensorKernelsOf(backend);
      const update = updates[kernelName];
      if (kernels) {
        const [from, to] = [inputsNow, arrays].map((all) =>
          all.map(({ byteOffset }) => byteOffset),
        );
        update.runInPlace(kernels, attrs as never, arrays[0].length, from, to);
      } else {
        update.run(attrs as never, inputsNow, arrays);
      }
      return finish();
    },
  };
}

function run(kernelName: keyof typeof updates, inputs: object, numbers: object): Tensor[] {
  const backend = getBackend();
  if (!getKernel(kernelName, backend)) registerKernel(kernelOf(kernelName, backend));
  return tfEngine().runKernel(
    kernelName,
    inputs as never,
    numbers as NamedAttrMap,
  ) as unknown as Tensor[];
}

/** Whether the current backend runs `rmspropUpdate` and `adamUpdate`. */
export function hasOptimizerUpdates(): boolean {
  return engineBackends.includes(getBackend());
}

/**
 * One RMSprop step of one weight, as one kernel.
 *
 *     v ← ρ v + (1 - ρ) g²     s ← μ s + η g / √(v + ε)     w ← w - s
 *
 * All tensors have the weight's shape. Without **moment** the momentum μ counts as 0. A mean or moment
 * below 2⁻¹¹⁵ counts as 0, and so does a gradient whose (1 - ρ) g² is below it. Returns the new
 * weight, mean square and, if given, moment; the tensors passed in are not changed.
 *
 * Reference: https://keras.io/api/optimizers/rmsprop/
 *
 * @example
 * const [w, v] = rmspropUpdate({ value, gradient, meanSquare }, { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 });
 */
export function rmspropUpdate(
  weight: { value: Tensor; gradient: Tensor; meanSquare: Tensor; moment?: Tensor | undefined },
  numbers: RmspropNumbers,
): Tensor[] {
  const { value, gradient, meanSquare, moment } = weight;
  const inputs = { value, gradient, first: meanSquare, ...(moment && { second: moment }) };
  return run("RmspropUpdate", inputs, numbers);
}

/**
 * One Adam step of one weight, as one kernel, Keras's ε outside the bias correction.
 *
 *     m ← m + (1 - β₁)(g - m)     v ← v + (1 - β₂)(g² - v)
 *     w ← w - stepSize · m / (√v + ε)
 *
 * All tensors have the weight's shape. An m or v below 2⁻¹¹⁵ counts as 0, and so does a gradient whose
 * (1 - β₂) g² is below it. Returns the new weight, m and v; those passed in are not changed.
 *
 * Reference: https://keras.io/api/optimizers/adam/
 *
 * @example
 * const [w, m2, v2] = adamUpdate({ value, gradient, m, v }, { stepSize, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
 */
export function adamUpdate(
  weight: { value: Tensor; gradient: Tensor; m: Tensor; v: Tensor },
  numbers: AdamNumbers,
): Tensor[] {
  const { value, gradient, m, v } = weight;
  return run("AdamUpdate", { value, gradient, first: m, second: v }, numbers);
}
