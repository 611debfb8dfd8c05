// What goes wrong on a GPU is told late and aside, and tfjs goes on with zeros. Here it is an error, by name.

export type FaultName =
  | "WebGPUDeviceLost"
  | "WebGPUValidationError"
  | "WebGPUOutOfMemoryError"
  | "WebGPUInternalError"
  | "WebGPUSynchronousRead";

function fault(name: FaultName, message: string, cause?: unknown): Error {
  return Object.assign(new Error(`webgpu: ${message}`, { cause }), { name });
}

/** The device went away: by a driver's reset, a sleeping laptop, a watchdog, or on purpose. */
export function deviceLost(info: Pick<GPUDeviceLostInfo, "reason" | "message">): Error {
  const why = [info.reason, info.message].filter((text) => text && text !== "unknown").join(": ");
  return fault(
    "WebGPUDeviceLost",
    `the GPU device was lost${why && ` (${why})`}, and its tensors with it; selectBackend starts a new one, on which tensors and models are made or loaded anew`,
  );
}

/** Work that the device refused: the encoder it was part of is void, other operations' work included. */
export function uncaptured(error: GPUError): Error {
  const said = error.message.trim().replace(/\s*\n\s*/g, " ");
  const kind = error.constructor.name;
  const void_ = "what was computed since the last read is void";
  if (kind === "GPUOutOfMemoryError")
    return fault(
      "WebGPUOutOfMemoryError",
      `out of GPU memory (${said}): ${void_}; a smaller batch needs less`,
      error,
    );
  if (kind === "GPUInternalError")
    return fault("WebGPUInternalError", `the GPU's driver failed (${said}): ${void_}`, error);
  return fault(
    "WebGPUValidationError",
    `the GPU refused an operation (${said}): ${void_}; make those tensors anew`,
    error,
  );
}

/** In Node there is no synchronous read, and in a page it gives zeros and may lose the device. */
export function synchronousRead(): Error {
  return fault(
    "WebGPUSynchronousRead",
    "numbers on the GPU cannot be read at once: await tensor.data() or tensor.array() in the place of dataSync() and arraySync()",
  );
}
