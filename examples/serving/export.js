// A .keras file as an .onnx file: node export.js model.keras model.onnx
import { writeFile } from "node:fs/promises";
import { selectBackend } from "@rnnkit/backend-select";
import { exportOnnx, loadKerasModel } from "@rnnkit/keras-files";

const [from, to] = process.argv.slice(2);
if (!from || !to)
  throw new Error("export.js: expected a .keras file, and the name of the .onnx file");
await selectBackend({ prefer: "wasm" });
await writeFile(to, await exportOnnx(await loadKerasModel(from)));
