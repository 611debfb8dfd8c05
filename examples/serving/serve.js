// Predictions over HTTP: of a .keras file in this project's engine, of an .onnx file in onnxruntime.
//   node serve.js model.keras 8000
//   curl -d '{ "shape": [1, 3, 1], "data": [0.1, 0.2, 0.3] }' localhost:8000
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { selectBackend } from "@rnnkit/backend-select";
import { loadKerasModel } from "@rnnkit/keras-files";
import { kerasPredictor, onnxPredictor } from "./predictors.js";

const [file, port = "8000"] = process.argv.slice(2);
if (!file) throw new Error("serve.js: expected a .keras or an .onnx file");
const predict = file.endsWith(".onnx") ? await onnxPredictor(file) : await opened(file);

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  try {
    /** @type {any} */
    const x = await json(request);
    // null would be read as 0, and a text as what it may be.
    if (!x?.data?.every?.(Number.isFinite))
      throw new Error("expected data to be a list of numbers");
    const y = await predict(x);
    answer(200, { data: [...y.data], shape: y.shape });
  } catch (error) {
    answer(400, { error: String(error) }); // no JSON, or not what the model reads
  }
});
server.listen(Number(port), () => console.log(`${file} at`, server.address()));

async function opened(path) {
  await selectBackend({ prefer: "wasm" });
  return kerasPredictor(await loadKerasModel(path));
}
