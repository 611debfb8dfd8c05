// One form for both engines: numbers and their shape in, numbers and their shape out.
import { readFile } from "node:fs/promises";
import { fromTensor, toTensor } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** A model in this project's engine. */
export function kerasPredictor(model) {
  const [{ dtype }] = model.inputs;
  return async ({ data, shape }) => {
    const y = tf.tidy(() => model.predict(toTensor({ data: typed(data, dtype), shape })));
    const numbers = fromTensor(y);
    tf.dispose(y);
    return numbers;
  };
}

/** A file, or its bytes, in onnxruntime. */
export async function onnxPredictor(file, options = {}) {
  const bytes = typeof file === "string" ? await readFile(file) : file;
  const session = await InferenceSession.create(bytes, options);
  const [input] = session.inputMetadata;
  if (!input.isTensor) throw new Error(`${input.name}: expected a tensor to be read`);
  return async ({ data, shape }) => {
    const x = new Tensor(input.type, typed(data, input.type), shape);
    const outputs = await session.run({ [input.name]: x });
    const y = outputs[session.outputNames[0]];
    return { data: Float32Array.from(y.data, Number), shape: [...y.dims] };
  };
}

function typed(data, dtype) {
  return dtype === "int32" ? Int32Array.from(data) : Float32Array.from(data);
}
