/** h5wasm: HDF5's own C library, compiled. */
export type Hdf5Library = typeof import("h5wasm");

let library: Promise<Hdf5Library> | undefined;

/** Loads it when something is first saved as HDF5: 4 MB that those who only load, or write ONNX, never fetch. */
export async function hdf5Library(): Promise<Hdf5Library> {
  checkCompiling();
  library ??= import("h5wasm").then(async (found) => {
    await found.ready;
    return found;
  });
  return library;
}

/** The library would abort, for good, with whatever the runtime says. */
function checkCompiling(): void {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch (cause) {
    throw new Error(
      `keras-files: expected leave to compile WebAssembly, by which HDF5 is written, got ${(cause as Error).message}; a page's Content-Security-Policy gives it by script-src 'wasm-unsafe-eval'`,
      { cause },
    );
  }
}
