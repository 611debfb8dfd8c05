// A step of a small recurrent model: one layer and a Dense of one unit behind it. The layer is fused-rnn's where that is
// installed and has an engine for the backend, since this is what models take there; else of tfjs's operations, as
// theirs then are.
import * as tf from "@tensorflow/tfjs-core";
import type { RecurrentProbe, Steps } from "./probe.ts";

type Cell = RecurrentProbe["cell"];
interface Weights {
  readonly kernel: tf.Tensor2D;
  readonly recurrentKernel: tf.Tensor2D;
  readonly bias: tf.Tensor;
}
/** The last output [B, H] of a sequence [B, T, I]. */
type Layer = (x: tf.Tensor3D, weights: Weights) => tf.Tensor2D;

const gates: Readonly<Record<Cell, number>> = { simpleRnn: 1, lstm: 4, gru: 3 };

const rate = 1e-3;

/**
 * Makes a model's tensors on tfjs's current backend, and its step, fused if it can be: a prediction or, in training,
 * the gradients of the predictions' sum and weights that are moved along them.
 *
 * @throws Error where training needs gradients of tfjs's operations and they are not registered.
 */
export async function recurrentSteps(
  probe: RecurrentProbe,
  kind: "fused" | "composed" = "fused",
): Promise<Steps> {
  const { cell, batch, steps, inputSize, units, training = true } = probe;
  const fused = kind === "fused" ? await fusedLayer(cell) : undefined;
  if (training && !fused && !tf.getGradient("BatchMatMul"))
    throw new Error(
      "tfjs's gradients are not registered: import @tensorflow/tfjs-layers first, or measure training: false",
    );
  const layer = fused ?? composedLayer(cell);
  const columns = gates[cell] * units;
  const uniform = (shape: number[], fanIn: number) =>
    tf.randomUniform(shape, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn), "float32", 1);
  const x = uniform([batch, steps, inputSize], 1);
  const kernel = uniform([inputSize, columns], inputSize);
  const recurrentKernel = uniform([units, columns], units);
  const bias = tf.zeros(cell === "gru" ? [2, columns] : [columns]);
  const head = uniform([units, 1], units) as tf.Tensor2D;
  const ones = tf.ones([batch, 1]) as tf.Tensor2D;

  const output = (...[x, kernel, recurrentKernel, bias]: tf.Tensor[]) =>
    layer(x as tf.Tensor3D, { kernel, recurrentKernel, bias } as Weights);
  const inputs = [x, kernel, recurrentKernel, bias];
  const predict = () => tf.matMul(output(...inputs), head);
  const withGradients = tf.valueAndGrads(output);
  const moved = (weight: tf.Tensor, gradient: tf.Tensor) => tf.sub(weight, tf.mul(gradient, rate));
  const train = () => {
    // The sum's gradient is 1 for each prediction, so the layer's output has the head's weights for its own.
    const { value, grads } = withGradients(inputs, tf.matMul(ones, head, false, true));
    const weights = inputs.slice(1).map((weight, i) => moved(weight, grads[i + 1]));
    return [...weights, moved(head, tf.matMul(value as tf.Tensor2D, ones, true))];
  };
  return {
    kind: fused ? "fused" : "composed",
    step: () => tf.tidy(() => (training ? train() : predict())),
    end: () => tf.dispose([...inputs, head, ones]),
  };
}

type FusedPackage = typeof import("@rnnkit/fused-rnn");

async function fusedLayer(cell: Cell): Promise<Layer | undefined> {
  try {
    const fused: FusedPackage = await import("@rnnkit/fused-rnn");
    if (tf.getBackend() === "webgpu")
      (await import("@rnnkit/fused-rnn/webgpu")).registerWebGPUKernels();
    else if (!fused.isEngineSupported()) return undefined;
    return (x, weights) =>
      fused[cell](x, weights, { returnSequences: false }).outputs as tf.Tensor2D;
  } catch {
    return undefined;
  }
}

function composedLayer(cell: Cell): Layer {
  return (x, { kernel, recurrentKernel, bias }) => {
    const [batch, steps, inputSize] = x.shape;
    const [units] = recurrentKernel.shape;
    const [inputBias, stateBias] = cell === "gru" ? tf.unstack(bias) : [bias];
    const flat = tf.reshape(x, [batch * steps, inputSize]);
    const projected = tf.add(tf.matMul(flat, kernel), inputBias);
    const sums = tf.unstack(tf.reshape(projected, [batch, steps, -1]), 1) as tf.Tensor2D[];
    let h = tf.zeros([batch, units]) as tf.Tensor2D;
    let c = h;
    for (const sum of sums) {
      const own = tf.matMul(h, recurrentKernel);
      if (cell === "simpleRnn") {
        h = tf.tanh(tf.add(sum, own));
      } else if (cell === "lstm") {
        const [i, f, candidate, o] = tf.split(tf.add(sum, own), 4, 1) as tf.Tensor2D[];
        c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(candidate)));
        h = tf.mul(tf.sigmoid(o), tf.tanh(c));
      } else {
        const [xz, xr, xh] = tf.split(sum, 3, 1);
        const [hz, hr, hh] = tf.split(tf.add(own, stateBias), 3, 1);
        const z = tf.sigmoid(tf.add(xz, hz));
        const candidate = tf.tanh(tf.add(xh, tf.mul(tf.sigmoid(tf.add(xr, hr)), hh)));
        h = tf.add(candidate, tf.mul(z, tf.sub(h, candidate)));
      }
    }
    return h;
  };
}
