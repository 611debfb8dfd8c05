// tfjs's threaded wasm module hands the text of its own factory function to its workers. Minified,
// that text names variables which no worker has: each worker dies, and tfjs waits for them forever. So it does
// where a page's policy forbids the workers, which it makes of blobs.

let known: Promise<string | undefined> | undefined;

/** Why this page cannot have tfjs's threads, though it may share memory; undefined where it can, or may not share. */
export function threadsLack(): Promise<string | undefined> {
  known ??= findLack();
  return known;
}

async function findLack(): Promise<string | undefined> {
  if (globalThis.crossOriginIsolated !== true) return undefined;
  // The name of a parameter tells: where this module is minified, tfjs's is too.
  if (!String(witness).includes("parameterThatAMinifierRenames"))
    return "tfjs's threaded module does not outlive minification";
  if (!(await startsWorkers()))
    return "this page's policy forbids workers made of blobs (worker-src blob:)";
  return undefined;
}

function witness(parameterThatAMinifierRenames: unknown): unknown {
  return parameterThatAMinifierRenames;
}

// Where no answer comes, one thread is always right.
const patience = 5000;

async function startsWorkers(): Promise<boolean> {
  const script = new Blob(["postMessage(0)"], { type: "text/javascript" });
  const address = URL.createObjectURL(script);
  let worker: Worker | undefined;
  try {
    const started = new Worker(address);
    worker = started;
    return await new Promise<boolean>((resolve) => {
      started.onmessage = () => resolve(true);
      started.onerror = () => resolve(false);
      setTimeout(() => resolve(false), patience);
    });
  } catch {
    return false;
  } finally {
    worker?.terminate();
    URL.revokeObjectURL(address);
  }
}
