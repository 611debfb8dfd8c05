import { layers, SymbolicTensor } from "@tensorflow/tfjs-layers";

/**
 * The end of an error about **value**: what to do where it is a layer, or a layer's output, in all but its class,
 * which is that of another installation of tfjs-layers; nothing for anything else.
 */
export function otherCopy(value: unknown): string {
  if (value instanceof layers.Layer || value instanceof SymbolicTensor) return "";
  const { sourceLayer, nodeIndex, getClassName, apply } = (value ?? {}) as Record<string, unknown>;
  const isOutput = sourceLayer !== undefined && nodeIndex !== undefined;
  const isLayer = typeof getClassName === "function" && typeof apply === "function";
  if (!isOutput && !isLayer) return "";
  return " of another copy of @tensorflow/tfjs-layers: two are installed; npm ls @tensorflow/tfjs-layers shows them, npm dedupe or one version for all leaves one";
}
