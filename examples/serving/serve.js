// Serves a model's predictions over HTTP: a .keras file in this project's engine, an .onnx file in onnxruntime.
//   node serve.js model.keras 8000
//   curl -d '{ "shape": [1, 3, 1], "data": [0.1, 0.2, 0.3] }' localhost:8000
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { selectBackend } from "@rnnkit/backend-select";
import { kerasPredictor, onnxPredictor } from "./predictors.js";

const [file, port = "8000"] = process.argv.slice(2);
if (!file) throw new Error("serve.js: expected a .keras or an .onnx file");
await selectBackend();
const predict = await (file.endsWith(".onnx") ? onnxPredictor(file) : kerasPredictor(file));

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  try {
    const { data, shape } = await predict(await json(request));
    answer(200, { data: Array.from(data), shape });
  } catch (error) {
    answer(400, { error: error.message }); // what was sent is no JSON, or not what the model reads
  }
});
server.listen(Number(port), () => console.log(`${file} at http://localhost:${server.address().port}`));
