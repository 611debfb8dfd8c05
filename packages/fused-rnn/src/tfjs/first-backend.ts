// What tfjs says to somebody who begins, where its own words lead astray: without a backend it has "No backend
// found in registry.", and on cpu in Node it advises a native package at the first tensor.
import { engine } from "@tensorflow/tfjs-core";

/** What tfjs's engine has inside and its typings keep private. */
interface EngineInside {
  registry: Record<string, { firstUse?: boolean } | undefined>;
  registryFactory: Record<string, unknown>;
  getSortedBackends(): string[];
  initializeBackend(name: string): unknown;
}

const noBackend =
  "rnnkit: TensorFlow.js has no backend to compute on. Install one, npm install @tensorflow/tfjs-backend-wasm, " +
  'and begin the program with import "@tensorflow/tfjs-backend-wasm" and await tf.ready(); ' +
  "@tensorflow/tfjs-backend-cpu, slower outside the recurrent layers, needs no waiting.";

const guided = new WeakSet<object>();

/**
 * From now on the first operation without a backend, tfjs's own or one of these packages, says which package
 * to install, and tfjs's cpu backend does not print its advice. Other warnings stay. Again and again at will.
 */
export function guideToBackend(): void {
  const tfjs = engine() as unknown as EngineInside;
  if (guided.has(tfjs)) return;
  guided.add(tfjs);
  const { getSortedBackends, initializeBackend } = tfjs;
  tfjs.getSortedBackends = () => {
    if (Object.keys(tfjs.registryFactory).length === 0) throw new Error(noBackend);
    return getSortedBackends.call(tfjs);
  };
  tfjs.initializeBackend = (name) => {
    const started = initializeBackend.call(tfjs, name);
    omitAdvice(tfjs);
    return started;
  };
  omitAdvice(tfjs);
}

function omitAdvice({ registry }: EngineInside): void {
  if (registry.cpu?.firstUse === true) registry.cpu.firstUse = false;
}

// Programs begin with tensors more often than with a layer. A bundler may drop this line, which is why whatever
// needs a backend calls it too.
guideToBackend();
