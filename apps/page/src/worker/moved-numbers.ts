import { engine, getBackend } from "@tensorflow/tfjs-core";

/**
 * Reads the weights, a model's and its optimizer's, that are on the GPU: they are then in the CPU's memory too, from where
 * tfjs moves them to the next backend that asks for them. It would read them at once otherwise, which a GPU cannot.
 */
export async function fetchedFromGpu(): Promise<void> {
  if (getBackend() !== "webgpu") return;
  const { registeredVariables } = engine();
  // Those of a device that is lost are gone; whoever asks for them is told.
  await Promise.allSettled(Object.values(registeredVariables).map((variable) => variable.data()));
}
