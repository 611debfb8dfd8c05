// Reading a tensor of the device: its numbers stay until they are read, and what the device has found wrong by then is
// the reader's error, who would else be given what was computed with zeros.

import { type GpuBackend, giveBack, knownNumbers } from "./gpu-backend.ts";
import { watchDevice } from "./late-errors.ts";
import { wrongIdsFetched } from "./wrong-ids.ts";

const watched = new WeakSet<GpuBackend>();

/** Watches what is read of a backend, from its first call on. */
export function watchReads(backend: GpuBackend): void {
  if (watched.has(backend)) return;
  watched.add(backend);
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    const isOnDevice = backend.tensorMap.has(dataId) && !knownNumbers(backend, { dataId });
    if (!isOnDevice) return read(dataId);
    // A step, or whatever else is assigned to a variable, would give them back under tfjs's hands.
    backend.incRef(dataId);
    try {
      const [values] = await Promise.all([read(dataId), wrongIdsFetched(backend)]);
      watchDevice(backend.device);
      return values;
    } finally {
      giveBack(backend, [{ dataId }]);
    }
  };
}
