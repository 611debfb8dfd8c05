// tfjs's threaded wasm module hands the text of its own factory function to its workers. Minified,
// that text names variables which no worker has: each worker dies, and tfjs waits for them forever.

/**
 * Whether this page could have tfjs's threads but for its bundle's being minified, which the name
 * of a parameter tells: where this module is minified, tfjs's is too.
 */
export function losesThreads(): boolean {
  return (
    globalThis.crossOriginIsolated === true &&
    !String(witness).includes("parameterThatAMinifierRenames")
  );
}

function witness(parameterThatAMinifierRenames: unknown): unknown {
  return parameterThatAMinifierRenames;
}
