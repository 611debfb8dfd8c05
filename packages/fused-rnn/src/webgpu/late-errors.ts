// What a device says only afterwards: that a command was not valid, and that it is lost. tfjs goes on with zeros in
// both cases; here the next call throws.

interface Watched {
  /** Why the device is no more. */
  lost?: string;
  /** What the device said of a command that it did not run. */
  refused?: string;
}

const watched = new WeakMap<GPUDevice, Watched>();

/** Watches a device from its first call on. @throws Error with what it has said since the last call */
export function watchDevice(device: GPUDevice): void {
  const state = watched.get(device) ?? watch(device);
  if (state.lost !== undefined) {
    throw named(
      "WebGPUDeviceLost",
      `fused-rnn: the WebGPU device was lost (${state.lost}): select the backend again, and make the tensors anew`,
    );
  }
  const { refused } = state;
  if (refused === undefined) return;
  state.refused = undefined;
  throw named(
    "WebGPUValidationError",
    `fused-rnn: the WebGPU device refused an earlier command, so results since then are void: ${refused}`,
  );
}

function watch(device: GPUDevice): Watched {
  const state: Watched = {};
  watched.set(device, state);
  device.lost.then(({ reason, message }) => {
    state.lost = message || reason;
  });
  device.addEventListener("uncapturederror", (event) => {
    state.refused ??= event.error.message;
  });
  return state;
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
