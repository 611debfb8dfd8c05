import { shown as shownShape } from "@rnnkit/core-rnn";
import type { File, Metadata } from "h5wasm";
import { checkHeaps } from "./hdf5-heap.ts";
import { type Hdf5Library, hdf5Library } from "./hdf5-library.ts";
import { shownName } from "./limits.ts";

/** One dataset, described but not read. */
export interface Hdf5Dataset {
  path: string;
  shape: readonly number[];
  /** `f4`, `f8`, `i8`, `u4`, ... */
  type: string;
  /** All values as float32, in row-major order; at the beginning of **into**, where given. */
  read(into?: Float32Array): Float32Array;
}

/** An HDF5 file's contents, while it is open. */
export interface Hdf5 {
  /** By path without a leading slash. */
  datasets: ReadonlyMap<string, Hdf5Dataset>;
  groups: ReadonlySet<string>;
  /** A group's string or list of strings; undefined where there is none. "" is the root. */
  text(group: string, attribute: string): string | string[] | undefined;
}

const mostObjects = 50_000;
/** Paths of models in models in models have some 20 parts. */
const mostGroups = 40;
const chunkBytes = 2 ** 20;
/** ENOENT, as Emscripten numbers it. */
const notThere = 44;
let opened = 0;

/**
 * Opens HDF5 bytes for the duration of **use**, which must not wait for anything: two files are never
 * open at once, so none can reach into another.
 *
 * The HDF5 library sees nothing but these bytes, in its own memory: no folder of the host is mounted.
 * The tree is read at once. Links to elsewhere, data outside the file, filters and sizes that the file
 * cannot hold are refused.
 *
 * @throws if the bytes are not a whole HDF5 file, or hold what Keras's files do not.
 */
export async function withHdf5<T>(
  who: string,
  bytes: Uint8Array,
  use: (file: Hdf5) => T,
): Promise<T> {
  checkHeaps(who, bytes);
  const library = await hdf5Library();
  const { FS } = library.Module;
  const path = `/model-${opened++}.h5`;
  const session = sandboxed(library, path);
  let file: File | undefined;
  try {
    // Handed over, not copied: nothing writes into it.
    FS.writeFile(path, bytes, { canOwn: true } as object);
    file = new library.File(path, "r");
    if (file.file_id < 0n) {
      const got = session.reason() ?? "something else";
      throw new Error(`${who}: expected an HDF5 file, got ${got}`);
    }
    return use(contents(library, who, file, bytes.length, session));
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith(who)) throw cause;
    const reason = session.reason();
    // What the library throws itself may be an Error, a string or a number.
    if (reason === undefined && cause instanceof Error) throw cause;
    const got = `one with ${reason ?? cause}`;
    throw new Error(`${who}: expected a whole HDF5 file, got ${got}`, { cause });
  } finally {
    if (file && file.file_id >= 0n) file.close();
    if (FS.analyzePath(path, false).exists) FS.unlink(path);
    session.end();
  }
}

type Module = Hdf5Library["Module"];

interface Session {
  /** The innermost cause of the last failure. */
  reason(): string | undefined;
  end(): void;
}

interface Stream {
  stream_ops: { write(stream: Stream, buffer: Uint8Array, offset: number, length: number): number };
}

interface FileSystem {
  streams: (Stream | null)[];
  open(path: string, ...rest: unknown[]): unknown;
  ErrnoError: new (errno: number) => Error;
}

/**
 * Until **end** the library can open **only** one file, whatever links, external or virtual data name
 * (its `/dev/stdin` asks the user), and its error stack is kept for the error that is thrown instead of
 * printed.
 */
function sandboxed({ Module }: Hdf5Library, only: string): Session {
  const FS = Module.FS as unknown as FileSystem;
  const errors = FS.streams[2]!;
  const { stream_ops: ops } = errors;
  const { open } = FS;
  let text = "";
  let outside: string | undefined;
  const decoder = new TextDecoder();
  const write = (_: Stream, buffer: Uint8Array, offset: number, length: number): number => {
    if (text.length < 100_000) text += decoder.decode(buffer.slice(offset, offset + length));
    return length;
  };
  errors.stream_ops = { ...ops, write };
  FS.open = (path, ...rest) => {
    if (path === only) return open.call(FS, path, ...rest);
    outside = path;
    throw new FS.ErrnoError(notThere);
  };
  return {
    reason() {
      if (outside !== undefined) return `data in another file, ${shownName(outside)}`;
      const last = text.split("\n").findLast((line) => line.includes("#"));
      return last?.replace(/^.*\bin \w+\(\): /, "");
    },
    end() {
      errors.stream_ops = ops;
      FS.open = open;
    },
  };
}

function contents(
  { Module, Group }: Hdf5Library,
  who: string,
  file: File,
  fileBytes: number,
  session: Session,
): Hdf5 {
  const id = file.file_id;
  const refuse: (expected: string, got: string) => never = (expected, got) => {
    throw new Error(`${who}: expected ${expected}, got ${got}`);
  };
  const datasets = new Map<string, Hdf5Dataset>();
  const groups = new Set<string>();
  const open: string[] = [""];
  // A group that holds itself ends at the depth, one that holds itself twice at the number of objects.
  for (let group = open.pop(); group !== undefined; group = open.pop()) {
    groups.add(group);
    for (const name of Module.get_names(id, `/${group}`, false) as string[]) {
      const path = group ? `${group}/${name}` : name;
      if (datasets.size + groups.size + open.length > mostObjects) {
        refuse(`at most ${mostObjects} objects in the file`, "more");
      }
      if (path.split("/").length > mostGroups) {
        refuse(`groups nested at most ${mostGroups} deep`, shownName(path));
      }
      if (Module.get_symbolic_link(id, path) !== null) {
        refuse("no soft link", shownName(path));
      }
      if (Module.get_external_link(id, path).filename !== undefined) {
        refuse("no link to another file", shownName(path));
      }
      const type = Module.get_type(id, path);
      if (type === Module.H5G_GROUP) open.push(path);
      else if (type === Module.H5G_DATASET) datasets.set(path, dataset(path));
      else refuse("groups and datasets", `${shownName(path)} of another type`);
    }
    const reason = session.reason();
    if (reason !== undefined) refuse("a whole HDF5 file", `one with ${reason}`);
  }
  return { datasets, groups, text };

  function text(group: string, attribute: string): string | string[] | undefined {
    const owner = new Group(id, `/${group}`);
    const names = Module.get_attribute_names(id, `/${group}`);
    if (!names.includes(attribute)) return undefined;
    const { size, total_size: count } = Module.get_attribute_metadata(id, `/${group}`, attribute);
    if (size * count > fileBytes) {
      refuse(`an attribute ${attribute} that the file can hold`, `${size * count} bytes`);
    }
    const value = owner.get_attribute(attribute, true);
    if (typeof value === "string") return value;
    // Keras writes an empty list of strings as one of no numbers.
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
      return value as string[];
    }
    return refuse(`the attribute ${attribute} to be text`, typeof value);
  }

  function dataset(path: string): Hdf5Dataset {
    const metadata = Module.get_dataset_metadata(id, path);
    const { shape, size, total_size: count, virtual_sources: sources } = metadata;
    const name = shownName(path);
    if (!shape) return refuse("datasets with values", `${name} without`);
    if (sources) refuse("data inside the file", `${name}, which is virtual`);
    if (size * count > fileBytes) {
      refuse(
        `datasets that ${fileBytes} bytes can hold`,
        `${name} of shape ${shownShape(shape)}, ${size * count} bytes`,
      );
    }
    const filters = Module.get_dataset_filters(id, path);
    if (filters.length > 0) {
      refuse("data as it is, without filters", `${name} with ${filters[0]!.name}`);
    }
    return {
      path,
      shape,
      type: typeName(Module, metadata),
      read: (into) => values(path, metadata, into),
    };
  }

  function values(path: string, metadata: Metadata, into?: Float32Array): Float32Array {
    const { shape, size, total_size: count } = metadata;
    if (!/^[fiu][1248]$/.test(typeName(Module, metadata))) {
      refuse(`numbers in ${shownName(path)}`, typeName(Module, metadata));
    }
    const result = into?.subarray(0, count) ?? new Float32Array(count);
    if (count === 0) return result;
    const [rows = 1, ...rest] = shape!;
    const rowBytes = (count / rows) * size;
    const step = Math.max(1, Math.floor(chunkBytes / rowBytes));
    const pointer = Module._malloc(Math.min(step, rows) * rowBytes);
    if (pointer === 0) refuse("memory for its weights", `${rowBytes} bytes too much`);
    try {
      for (let row = 0, at = 0; row < rows; row += step) {
        const taken = Math.min(step, rows - row);
        const slab = shape!.length
          ? ([[taken, ...rest], [row, ...rest.map(() => 0)], shape!.map(() => 1)] as const)
          : undefined;
        const [counts, offsets, strides] = slab?.map((list) => list.map(BigInt)) ?? [];
        const status = Module.get_dataset_data(
          ...([id, path, counts ?? null, offsets ?? null, strides ?? null] as const),
          BigInt(pointer),
        );
        const reason = session.reason();
        if (status < 0 || reason !== undefined) {
          refuse(`the values of ${shownName(path)}`, `${reason ?? `status ${status}`}`);
        }
        const read = numbers(Module, metadata, pointer, (taken * rowBytes) / size);
        result.set(read, at);
        at += read.length;
      }
    } finally {
      Module._free(pointer);
    }
    return result;
  }
}

function typeName(Module: Module, { type, size, signed, vlen }: Metadata): string {
  const { H5T_INTEGER, H5T_FLOAT } = Module.H5T_class_t;
  if (vlen) return "text";
  if (type === H5T_FLOAT.value) return `f${size}`;
  return type === H5T_INTEGER.value ? `${signed ? "i" : "u"}${size}` : `type ${type}`;
}

/** Numbers that the library has put into its memory. */
function numbers(
  Module: Module,
  metadata: Metadata,
  pointer: number,
  count: number,
): ArrayLike<number> {
  const { buffer } = Module.HEAPU8;
  const name = typeName(Module, metadata);
  if (name === "f4") return new Float32Array(buffer, pointer, count);
  if (name === "f8") return new Float64Array(buffer, pointer, count);
  const view = new DataView(buffer, pointer, count * metadata.size);
  const at: Record<string, (i: number) => number> = {
    f2: (i) => half(view.getUint16(2 * i, true)),
    i1: (i) => view.getInt8(i),
    u1: (i) => view.getUint8(i),
    i2: (i) => view.getInt16(2 * i, true),
    u2: (i) => view.getUint16(2 * i, true),
    i4: (i) => view.getInt32(4 * i, true),
    u4: (i) => view.getUint32(4 * i, true),
    i8: (i) => Number(view.getBigInt64(8 * i, true)),
    u8: (i) => Number(view.getBigUint64(8 * i, true)),
  };
  return Float64Array.from({ length: count }, (_, i) => at[name]!(i));
}

/** An IEEE half: 1 sign, 5 exponent, 10 fraction bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
