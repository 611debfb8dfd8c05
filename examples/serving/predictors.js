// One form for both engines: numbers and their shape in, numbers and their shape out.
import { readFile } from "node:fs/promises";
import { fromTensor, toTensor } from "@rnnkit/keras-builders";
import { loadKerasModel } from "@rnnkit/keras-files";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** A .keras file, in this project's engine. */
export async function kerasPredictor(file) {
  return predictorOf(await loadKerasModel(file));
}

/** A model that is here already. */
export function predictorOf(model) {
  const [{ dtype }] = model.inputs;
  return async (x) =>
    fromTensor(tf.tidy(() => model.predict(toTensor({ ...x, data: typed(x.data, dtype) }))));
}

/** An .onnx file, in onnxruntime. */
export async function onnxPredictor(file, options = {}) {
  const session = await InferenceSession.create(await readFile(file), options);
  const [{ name, type }] = session.inputMetadata;
  return async ({ data, shape }) => {
    const outputs = await session.run({ [name]: new Tensor(type, typed(data, type), shape) });
    const y = outputs[session.outputNames[0]];
    return { data: y.data, shape: y.dims };
  };
}

const typed = (data, dtype) => (dtype === "int32" ? Int32Array : Float32Array).from(data);
