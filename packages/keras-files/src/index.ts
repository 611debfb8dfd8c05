export { fileSystem } from "./file-system.ts";
export type { CustomLayer } from "./from-keras-config.ts";
export type { SaveKerasModelOptions, SaveWeightsOptions } from "./keras-bytes.ts";
export type { LoadKerasModelOptions, LoadWeightsOptions } from "./load-keras-model.ts";
export type { ModelSource } from "./model-source.ts";
export { loadKerasModel, loadWeights } from "./node.ts";
export { exportOnnx } from "./onnx-export.ts";
export type { KerasFormat } from "./save-format.ts";
export { saveKerasModel, saveWeights } from "./save-keras-model.ts";
