import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { ModelSummary } from "./results.ts";

/** What a compiled model is, in words: its layers with their sizes, weights, loss and optimizer. */
export function summarizeModel(builder: string, model: LayersModel): ModelSummary {
  return {
    builder,
    layers: model.layers.map((layer) => {
      const config = layer.getConfig();
      const size = config.units ?? config.rate ?? config.outputDim ?? innerUnits(config);
      return size === undefined ? layer.getClassName() : `${layer.getClassName()}(${size})`;
    }),
    parameters: model.countParams(),
    loss: typeof model.loss === "function" ? model.loss.name : String(model.loss),
    optimizer: model.optimizer.getClassName(),
  };
}

// A wrapper such as Bidirectional holds its layer's class and sizes in its own config.
function innerUnits(config: Record<string, unknown>): string | undefined {
  const inner = config.layer as { className?: string; config?: { units?: number } } | undefined;
  return inner && `${inner.className}(${inner.config?.units})`;
}
