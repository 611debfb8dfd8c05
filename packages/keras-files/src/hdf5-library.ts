/** h5wasm: HDF5's own C library, compiled. */
export type Hdf5Library = typeof import("h5wasm");

let library: Promise<Hdf5Library> | undefined;

/** Loads it when something is first saved as HDF5: 4 MB that those who only load, or write ONNX, never fetch. */
export function hdf5Library(): Promise<Hdf5Library> {
  library ??= import("h5wasm").then(async (found) => {
    await found.ready;
    return found;
  });
  return library;
}
