import { DatasetError } from "./dataset-error.ts";

/** The head of a `.npy` file of one dimension, and what follows it. */
export interface Npy {
  /** numpy's name of the element type, such as `<i8` or `|O`. */
  descr: string;
  /** The number of elements. */
  length: number;
  body: Uint8Array;
}

const magic = "\x93NUMPY";
const mostHeader = 1 << 16;

/**
 * Reads the header of a one-dimensional `.npy` file, versions 1 to 3.
 *
 * Source: NEP 1, https://numpy.org/neps/nep-0001-npy-format.html
 */
export function readNpy(who: string, bytes: Uint8Array): Npy {
  const fail: (expected: string, got: unknown) => never = (expected, got) => {
    throw new DatasetError("format", `${who}: expected ${expected}, got ${got}`);
  };
  const latin1 = (start: number, end: number) =>
    String.fromCharCode(...bytes.subarray(start, Math.min(end, bytes.length)));
  if (latin1(0, 6) !== magic) fail("a .npy file", "other bytes");
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) fail("version 1 to 3 of .npy", version);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) fail("a whole .npy header", `${bytes.length} bytes`);
  const size = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (size > mostHeader) fail(`a .npy header of at most ${mostHeader} bytes`, size);
  if (start + size > bytes.length)
    fail(`a .npy header of ${size} bytes`, `${bytes.length - start} bytes`);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + size));
  const descr = /'descr':\s*'([^']{1,16})'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1];
  const excerpt = JSON.stringify(header.slice(0, 120).trimEnd());
  if (descr === undefined || shape === undefined) fail("'descr' and 'shape' in .npy", excerpt);
  if (!/^\d{1,9},\s*$/.test(shape)) fail("a one-dimensional array", `shape (${shape})`);
  return { descr, length: Number.parseInt(shape, 10), body: bytes.subarray(start + size) };
}

/**
 * Labels: a one-dimensional integer array (`<i8`, `<i4`, `|u1`, `|b1`) as int32. Values that int32
 * cannot hold are refused.
 */
export function readNpyIntegers(who: string, bytes: Uint8Array): Int32Array {
  const { descr, length, body } = readNpy(who, bytes);
  const width = { "<i8": 8, "<i4": 4, "|u1": 1, "|b1": 1 }[descr];
  if (width === undefined)
    throw new DatasetError(
      "format",
      `${who}: expected integers (<i8, <i4, |u1, |b1), got ${descr}`,
    );
  if (body.length !== length * width)
    throw new DatasetError(
      "format",
      `${who}: expected ${length} elements of ${width} bytes, got ${body.length} bytes`,
    );
  if (width === 1) return Int32Array.from(body);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    out[i] = view.getInt32(i * width, true);
    if (width === 8 && view.getInt32(i * width + 4, true) !== out[i]! >> 31)
      throw new DatasetError(
        "format",
        `${who}: expected integers of 32 bits, got ${view.getBigInt64(i * 8, true)} at ${i}`,
      );
  }
  return out;
}
