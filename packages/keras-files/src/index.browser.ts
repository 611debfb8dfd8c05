export { loadKerasModel, loadWeights } from "./load/browser.ts";
export type { CustomLayer } from "./load/from-keras-config.ts";
export type { LoadKerasModelOptions, LoadWeightsOptions } from "./load/load-keras-model.ts";
export type { ModelSource } from "./load/model-source.ts";
export { exportOnnx } from "./onnx/export.ts";
export type { SaveKerasModelOptions, SaveWeightsOptions } from "./save/keras-bytes.ts";
export type { KerasFormat } from "./save/save-format.ts";
export { saveKerasModel, saveWeights } from "./save/save-keras-model.browser.ts";
