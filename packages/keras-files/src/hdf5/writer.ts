import type { File, Group } from "h5wasm";
import { type Hdf5Library, hdf5Library } from "./library.ts";

/** Values of one dataset. */
export type DatasetValues = Float32Array | Int32Array | BigInt64Array;

/** Writes groups, contiguous datasets and attributes; a group's parents are made with it. */
export interface Hdf5Writer {
  dataset(path: string, values: DatasetValues, shape: readonly number[]): void;
  /** A string of variable length, as h5py writes a Python str. */
  text(path: string, name: string, value: string): void;
  /** A string of variable length, as h5py writes Python's bytes. */
  bytes(path: string, name: string, value: string): void;
  /** A list of bytes; an empty one is float64, as numpy makes of it. */
  bytesList(path: string, name: string, values: readonly string[]): void;
}

/** HDF5 keeps an object's attributes in a header of at most 64 KiB; Keras stays below this. */
const headerLimit = 64512;

let files = 0;

/**
 * The bytes of an HDF5 file that **write** fills.
 *
 * It is built in the memory of h5wasm, whose file is gone afterwards, whatever happens.
 *
 * @throws what HDF5 reports, or **write** throws.
 */
export async function hdf5Bytes(
  write: (file: Hdf5Writer) => void | Promise<void>,
): Promise<Uint8Array> {
  const { Module: module, File } = await hdf5Library();
  const errors = module as unknown as Record<
    "activate_throwing_error_handler" | "deactivate_throwing_error_handler",
    () => void
  >;
  // Left to itself, h5wasm prints what goes wrong and goes on.
  const checked = <Result>(work: () => Result): Result => {
    errors.activate_throwing_error_handler();
    try {
      return work();
    } finally {
      errors.deactivate_throwing_error_handler();
    }
  };
  const path = `/rnnkit-written-${files++}.h5`;
  let file: File | undefined;
  try {
    file = checked(() => new File(path, "w"));
    await write(writerOf(file, checked));
    const written = file;
    file = undefined;
    checked(() => written.close());
    return contentsOf(module, path);
  } finally {
    file?.close();
    if (module.FS.analyzePath(path).exists) module.FS.unlink(path);
  }
}

/** A file's bytes where they lie, since a copy of them would be one of all weights. */
function contentsOf({ FS }: Hdf5Library["Module"], path: string): Uint8Array {
  const { object } = FS.analyzePath(path) as unknown as {
    object: { contents: Uint8Array; usedBytes: number };
  };
  return object.contents.subarray(0, object.usedBytes);
}

function writerOf(file: File, checked: <Result>(work: () => Result) => Result): Hdf5Writer {
  const made = new Set([""]);
  const group = (path: string): void => {
    if (made.has(path)) return;
    group(parentOf(path));
    checked(() => file.create_group(path));
    made.add(path);
  };
  const attribute = (
    path: string,
    name: string,
    value: string | string[] | Float64Array,
    shape: number[],
    type: string,
  ) => {
    group(path);
    checked(() => {
      const owner = path ? (file.get(path) as Group) : file;
      owner.create_attribute(name, value, shape, type);
    });
  };
  return {
    dataset(path, values, shape) {
      group(parentOf(path));
      checked(() => file.create_dataset({ name: path, data: values, shape: [...shape] }));
    },
    text: (path, name, value) => attribute(path, name, value, [], unicode),
    bytes: (path, name, value) => attribute(path, name, value, [], typeOf(value)),
    bytesList(path, name, values) {
      if (values.length === 0) return attribute(path, name, new Float64Array(0), [0], "<d");
      const chunks = chunksOf(values);
      for (const [i, chunk] of chunks.entries()) {
        const numbered = chunks.length > 1 ? `${name}${i}` : name;
        attribute(path, numbered, chunk, [chunk.length], typeOf(chunk.join("")));
      }
    },
  };
}

/** h5wasm's words for strings of variable length. */
const [unicode, ascii] = ["S", "A"] as const;
const typeOf = (text: string) => (/^[\0-\x7f]*$/.test(text) ? ascii : unicode);

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Keras splits a list whose longest string, times its length, would not fit in the header. */
function chunksOf(values: readonly string[]): string[][] {
  const widest = Math.max(...values.map((value) => new TextEncoder().encode(value).length));
  const each = Math.max(1, Math.floor(headerLimit / Math.max(1, widest)));
  return Array.from({ length: Math.ceil(values.length / each) }, (_, i) =>
    values.slice(i * each, (i + 1) * each),
  );
}
