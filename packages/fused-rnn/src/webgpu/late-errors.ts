// What a device says only afterwards: that a command was not valid, that an id was no row, that it is lost. tfjs goes
// on with zeros in all of these; here the next call throws, or the next read.

interface Watched {
  /** Why the device is no more. */
  lost?: string;
  /** What is wrong with an earlier call. */
  late?: Error;
}

const watched = new WeakMap<GPUDevice, Watched>();

/** On a device of backend-select, whose backend throws what the device says: once is enough. */
const guarded = Symbol.for("rnnkit.guarded");

/** Watches a device from its first call on. @throws Error with what it has said since the last call */
export function watchDevice(device: GPUDevice): void {
  const state = stateOf(device);
  if (state.lost !== undefined) {
    throw named(
      "WebGPUDeviceLost",
      `fused-rnn: the WebGPU device was lost (${state.lost}): select the backend again, and make the tensors anew`,
    );
  }
  const { late } = state;
  if (late === undefined) return;
  state.late = undefined;
  throw late;
}

/** Lets the next call on a device throw, unless another error waits already. */
export function throwLater(device: GPUDevice, error: Error): void {
  stateOf(device).late ??= error;
}

function stateOf(device: GPUDevice): Watched {
  const known = watched.get(device);
  if (known) return known;
  const state: Watched = {};
  watched.set(device, state);
  if (guarded in device) return state;
  device.lost.then(({ reason, message }) => {
    state.lost = message || reason;
  });
  device.addEventListener("uncapturederror", ({ error }) => {
    state.late ??= named(
      "WebGPUValidationError",
      `fused-rnn: the WebGPU device refused an earlier command, so results since then are void: ${error.message}`,
    );
  });
  return state;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
