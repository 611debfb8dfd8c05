// Kills a worker of the engine in the middle of a block, as a runtime may: from outside the pool.

type NodeThreads = typeof import("node:worker_threads");

/**
 * What comes before the program of a worker: its next forward step after `crash` was raised is its last. A page's
 * worker cannot end itself in a step, so there it stands still for ever.
 */
const prelude = `
var crash, stop;
{
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    const { exports } = new Instance(module, imports);
    const forwardStep = (...step) => {
      if (Atomics.exchange(crash, 0, 0)) stop();
      exports.forwardStep(...step);
    };
    return { exports: { ...exports, forwardStep } };
  };
}
`;

const inNode = `${prelude}
crash = require("node:worker_threads").workerData.crash;
stop = () => process.exit(1);
`;

const inPage = `${prelude}
addEventListener("message", ({ data }) => { crash = data.crash; });
stop = () => { close(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); };
`;

/** From here on workers can be killed: the function returned kills the next one that makes a forward step. */
export function mortalWorkers(): { killNext(): void; restore(): void } {
  const crash = new Int32Array(new SharedArrayBuffer(4));
  const killNext = () => void Atomics.store(crash, 0, 1);
  const { process } = globalThis as { process?: NodeJS.Process };
  const threads = process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    const { Worker } = threads;
    const mortal = class extends Worker {
      constructor(...[program, options]: ConstructorParameters<NodeThreads["Worker"]>) {
        const workerData = { ...options?.workerData, crash };
        super(`${inNode}${program}`, { ...options, workerData });
      }
    };
    Object.assign(threads, { Worker: mortal });
    return { killNext, restore: () => void Object.assign(threads, { Worker }) };
  }
  const { Blob, Worker } = globalThis;
  const mortal = {
    Blob: class extends Blob {
      constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
        super([inPage, ...parts], options);
      }
    },
    Worker: class extends Worker {
      override postMessage(data: object) {
        super.postMessage({ ...data, crash });
      }
    },
  };
  Object.assign(globalThis, mortal);
  return { killNext, restore: () => void Object.assign(globalThis, { Blob, Worker }) };
}
