// HDF5 bytes that nobody believes: whatever a file says is looked for inside of it, and only so often.

/** The bytes of one HDF5 file. */
export interface Hdf5Bytes {
  /** Begins every error. */
  who: string;
  bytes: Uint8Array;
  view: DataView;
  /** Bytes of an address, and of a length. */
  addressSize: number;
  lengthSize: number;
  /** How many bytes may still be read as descriptions: in a whole file none lies in another. */
  left: number;
}

/** An HDF5 file of which descriptions may be read that are some times as long as it. */
export function boundedBytes(who: string, bytes: Uint8Array): Hdf5Bytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { who, bytes, view, addressSize: 8, lengthSize: 8, left: 4 * bytes.length + 2 ** 20 };
}

/** The error for a file that is not what HDF5 writes. */
export function brokenAt({ who }: Hdf5Bytes, what: string, at: number): Error {
  return new Error(
    `${who}: expected a whole HDF5 file, got one with a broken ${what} at byte ${at}`,
  );
}

/** The error for what HDF5 can write, but Keras does not. */
export function otherThan({ who }: Hdf5Bytes, expected: string, got: string): Error {
  return new Error(`${who}: expected ${expected}, got ${got}`);
}

/** A part of a file, read from its start on, and never beyond its end. */
export interface Part {
  file: Hdf5Bytes;
  /** What it should be, for errors. */
  what: string;
  start: number;
  end: number;
  at: number;
}

/**
 * The **size** bytes from **start** on.
 *
 * @throws if they do not lie in the file, or if more has been read than a file without overlaps has.
 */
export function partOf(file: Hdf5Bytes, what: string, start: number, size: number): Part {
  // Also false for what is no number.
  if (!(start + size <= file.bytes.length)) throw brokenAt(file, what, start);
  spend(file, size);
  return { file, what, start, end: start + size, at: start };
}

/** Counts what reading a file has taken. */
export function spend(file: Hdf5Bytes, size: number): void {
  file.left -= size;
  if (file.left >= 0) return;
  throw otherThan(file, "a whole HDF5 file", "one whose parts lie in one another");
}

/** A part of a part, which goes on behind it. */
export function inner(part: Part, what: string, size: number): Part {
  const { file } = part;
  const start = skip(part, size);
  return { file, what, start, end: start + size, at: start };
}

/** Where the next **size** bytes stand. */
export function skip(part: Part, size: number): number {
  const { at } = part;
  if (!(at + size <= part.end)) throw brokenAt(part.file, part.what, part.start);
  part.at += size;
  return at;
}

/** The next whole number, of 1 to 8 bytes. */
export function uint(part: Part, size: number): number {
  const at = skip(part, size);
  const { view } = part.file;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, true);
  if (size === 4) return view.getUint32(at, true);
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = 256 * value + view.getUint8(at + i);
  return value;
}

/** The next length. */
export function length(part: Part): number {
  return uint(part, part.file.lengthSize);
}

/** The next address; undefined: nowhere. */
export function address(part: Part): number | undefined {
  const { addressSize } = part.file;
  const value = uint(part, addressSize);
  return value >= 256 ** addressSize - 1 ? undefined : value;
}

/** The next **size** bytes as text, up to a NUL. */
export function text(part: Part, size: number): string {
  const start = skip(part, size);
  const { bytes } = part.file;
  const ending = bytes.subarray(start, start + size).indexOf(0);
  return decoder.decode(bytes.subarray(start, ending < 0 ? start + size : start + ending));
}

const decoder = new TextDecoder();

/** Refuses what does not begin with **signature**. */
export function expectSignature(part: Part, signature: string): void {
  const at = skip(part, signature.length);
  for (let i = 0; i < signature.length; i++) {
    if (part.file.bytes[at + i] !== signature.charCodeAt(i)) {
      throw brokenAt(part.file, part.what, part.start);
    }
  }
}

/** Refuses another version than **known** ones. */
export function expectVersion(part: Part, ...known: number[]): number {
  const version = uint(part, 1);
  if (known.includes(version)) return version;
  throw brokenAt(part.file, part.what, part.start);
}
