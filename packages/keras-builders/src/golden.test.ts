import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import {
  type Call,
  caseIds,
  type GoldenTensor,
  loadLayerCase,
  loadModelCase,
  loadTrajectory,
  numbers,
  truth,
} from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import { type LayerVariable, type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { setWholeSteps } from "./chain/model-chain.ts";
import { type Json, type Layer, layerFrom, ours } from "./keras-json.fixture.ts";
import type { BidirectionalLayer } from "./layers/bidirectional-layer.ts";
import type { RecurrentLayer } from "./layers/recurrent-layer.ts";
import { optimizerFrom } from "./optimizers/keras-optimizer.fixture.ts";

const lossOf = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  binary_crossentropy: "binaryCrossentropy",
  sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
};

function sequentialFrom({ config }: Json): Sequential {
  const [input, ...rest] = config.layers;
  const { batch_shape, dtype } = input.config;
  const first = { batchInputShape: batch_shape, dtype: dtype === "int32" ? "int32" : "float32" };
  return sequential({
    layers: rest.map((layer: Json, i: number) => layerFrom(ours, layer, i ? {} : first)),
  });
}

const toTensor = (t: GoldenTensor): tf.Tensor => {
  const dtype = t.dtype === "int32" || t.dtype === "bool" ? t.dtype : "float32";
  return tf.tensor(Float32Array.from(numbers(t)), t.shape, dtype);
};
const tensors = (list: readonly GoldenTensor[] | null) => (list ?? []).map(toTensor);
const variables = (list: readonly LayerVariable[]) => list.map((w) => w.read() as tf.Variable);

/** Σ outputs · cotangents, the loss of the layer and model cases. */
const weighted = (outputs: tf.Tensor[], cotangents: tf.Tensor[]): tf.Scalar =>
  tf.addN(outputs.map((y, i) => tf.sum(tf.mul(y, cotangents[i]!)))) as tf.Scalar;

interface Tolerance {
  atol: number;
  rtol: number;
}
/** As the fixtures' README judges float32: relative to max(1, |truth|). */
const tolerance = (error: number, times = 1): Tolerance => {
  const allowed = times * Math.max(tolerances.keras.outputs.atol, 4 * error);
  return { atol: allowed, rtol: allowed };
};
const expectAll = (got: tf.Tensor[], want: readonly GoldenTensor[], within: Tolerance) => {
  expect(got.map(({ shape }) => shape)).toEqual(want.map(({ shape }) => shape));
  for (const [i, g] of got.entries()) expect(g.dataSync()).toBeAllclose(truth(want[i]!), within);
};

/** The call as the layer would do it, the recorded dropout masks in place of drawn ones. */
function callOf(layer: Layer, call: Call, x: tf.Tensor, state: tf.Tensor[]): tf.Tensor[] {
  const mask = call.mask ? toTensor(call.mask) : undefined;
  const dropout = call.training ? call.dropout_masks?.[0] : undefined;
  if (!dropout) return [layer.call([x, ...state], { mask })].flat();
  const maskOf = (gates: GoldenTensor[] | null) => {
    if (!gates) return {};
    return gates.length === 1 ? toTensor(gates[0]!) : tf.stack(gates.map(toTensor));
  };
  const { outputs, state: final } = (layer as RecurrentLayer).recur(x, {
    mask,
    ...(state.length && { initialState: state }),
    dropoutMasks: [
      {
        ...(dropout.input && { inputDropoutMask: maskOf(dropout.input) as tf.Tensor }),
        ...(dropout.recurrent && { recurrentDropoutMask: maskOf(dropout.recurrent) as tf.Tensor }),
      },
    ],
  });
  return (layer as RecurrentLayer).options.returnState ? [outputs, ...final] : [outputs];
}

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test.each(caseIds("layer"))("%s: Keras's outputs, states and gradients", async (id) => {
    await tf.setBackend(backend);
    const { layer: json, weights, calls, float32_vs_float64_max_error } = loadLayerCase(id);
    const layer = layerFrom(ours, json) as RecurrentLayer | BidirectionalLayer;
    layer.build(calls[0]!.input.shape);
    layer.setWeights(tensors(weights));
    const close = tolerance(float32_vs_float64_max_error);
    const closeGradient = tolerance(float32_vs_float64_max_error, 5);
    for (const call of calls) {
      if (call.reset_state_before) layer.resetState();
      // As variables, so that one backward pass gives all gradients.
      const [x, ...state] = [call.input, ...(call.initial_state ?? [])].map((t) =>
        tf.variable(toTensor(t)),
      );
      const weightVariables = variables(layer.trainableWeights);
      let outputs: tf.Tensor[] = [];
      const { value, grads } = tf.variableGrads(() => {
        outputs = callOf(layer, call, x!, state).map((y) => tf.keep(y));
        return weighted(outputs, tensors(call.cotangents));
      }, [x!, ...state, ...weightVariables]);

      expectAll(outputs, call.outputs, close);
      expect(value.dataSync()).toBeAllclose([call.loss64], tolerance(1e-6, 5));
      const gradient = (v: tf.Variable) => grads[v.name]!;
      expectAll([gradient(x!)], [call.gradients.input], closeGradient);
      expectAll(weightVariables.map(gradient), call.gradients.weights, closeGradient);
      expectAll(state.map(gradient), call.gradients.initial_state ?? [], closeGradient);
      if (call.states_after) expectAll([...layer.states], call.states_after, close);
    }
  });

  test.each(caseIds("model"))("%s: Keras's outputs, mask and gradients", async (id) => {
    await tf.setBackend(backend);
    const golden = loadModelCase(id);
    const model = sequentialFrom(golden.model);
    model.setWeights(tensors(golden.weights));
    const [x] = tensors(golden.inputs);
    const trained = variables(model.trainableWeights);
    let output: tf.Tensor | undefined;
    const { grads } = tf.variableGrads(() => {
      output = tf.keep(model.apply(x!) as tf.Tensor);
      return weighted([output], tensors(golden.cotangents));
    }, trained);
    const error = golden.float32_vs_float64_max_error;
    expectAll([output!], golden.outputs, tolerance(error));
    const [mask] = [model.computeMask(x!)].flat();
    const kept = golden.output_mask?.data.map(Number);
    expect(mask ? Array.from(mask.dataSync()) : undefined).toEqual(kept);
    expectAll(
      trained.map((v) => grads[v.name]!),
      golden.gradients.weights,
      tolerance(error, 5),
    );
  });

  const ways = caseIds("trajectory").flatMap((id) => [
    { id, whole: true },
    { id, whole: false },
  ]);
  test.each(ways)("$id, whole $whole: Keras's losses and weights over 20 steps", async (way) => {
    const { id, whole } = way;
    await tf.setBackend(backend);
    setWholeSteps(whole);
    const golden = loadTrajectory(id);
    // A gradient of the embedding like any other is in Keras's JAX run; TensorFlow's is not.
    const { losses, losses64, final_weights, final_predictions_batch0 } = golden.dense ?? golden;
    const model = sequentialFrom(golden.model);
    const { class_name, config, learning_rate64 } = golden.optimizer;
    model.compile({
      optimizer: optimizerFrom({
        class_name,
        config: { ...config, learning_rate: learning_rate64 },
      }),
      loss: lossOf[golden.loss as keyof typeof lossOf],
    });
    model.setWeights(tensors(golden.initial_weights));
    // tfjs takes class numbers as float32 only.
    const batches = golden.batches.map(
      ({ x, y }) => [toTensor(x), tf.cast(toTensor(y), "float32")] as const,
    );

    const got: number[] = [];
    for (const index of golden.order) {
      got.push((await model.trainOnBatch(...batches[index]!)) as number);
    }
    expect(got).toBeAllclose(losses64 ?? losses, tolerances.keras.losses);
    const within = tolerances.keras.weights;
    expectAll(model.getWeights(), final_weights, within);
    expectAll([model.predict(batches[0]![0]) as tf.Tensor], [final_predictions_batch0], within);
  });
});
