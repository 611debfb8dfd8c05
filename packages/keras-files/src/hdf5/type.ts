// What the values of HDF5's datasets and attributes are, and how many.
// Reference: HDF5 File Format Specification, IV.A.2.b. Dataspace, IV.A.2.d. Datatype

import { brokenAt, expectVersion, inner, length, type Part, skip, uint } from "./bytes.ts";

/** A type of values. */
export interface ValueType {
  /** `f4`, `f8`, `i8`, `u4`, ..., `text`, or `type 6` and such for others. */
  name: string;
  /** Bytes of a value. */
  size: number;
  littleEndian: boolean;
  /** Where values are text, whether they lie in a heap. */
  inHeap: boolean;
}

/** Sizes of a dataset or attribute, none for a single value; undefined: it has no values. */
export function shapeOf(part: Part): number[] | undefined {
  const version = expectVersion(part, 1, 2);
  const rank = uint(part, 1);
  skip(part, 1);
  const type = version === 1 ? 1 : uint(part, 1);
  if (version === 1) skip(part, 5);
  if (type > 2 || rank > 32) throw brokenAt(part.file, "shape", part.start);
  return type === 2 ? undefined : Array.from({ length: rank }, () => length(part));
}

/** How many values a shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((count, n) => count * n, 1);
}

const [fixedPoint, floatingPoint, string, variableLength] = [0, 1, 3, 9];
/** Places and sizes of IEEE's exponents and fractions, and the exponent's bias. */
const ieee: Readonly<Record<number, string>> = {
  2: "0,16,10,5,0,10,15",
  4: "0,32,23,8,0,23,127",
  8: "0,64,52,11,0,52,1023",
};

/** The type that a message describes. */
export function typeOf(part: Part): ValueType {
  const head = uint(part, 1);
  const [kind, version] = [head & 15, head >> 4];
  if (version === 0 || version > 5) throw brokenAt(part.file, "type", part.start);
  const bits = uint(part, 1);
  skip(part, 2);
  const size = uint(part, 4);
  const type = { name: `type ${kind}`, size, littleEndian: (bits & 1) === 0, inHeap: false };
  if (kind === fixedPoint) {
    const isWhole = uint(part, 2) === 0 && uint(part, 2) === 8 * size;
    return isWhole ? { ...type, name: `${bits & 8 ? "i" : "u"}${size}` } : type;
  }
  if (kind === floatingPoint) {
    const fields = [2, 2, 1, 1, 1, 1, 4].map((width) => uint(part, width));
    const isPlain = (bits & 64) === 0 && `${fields}` === ieee[size];
    return isPlain ? { ...type, name: `f${size}` } : type;
  }
  if (kind === string) return { ...type, name: "text" };
  if (kind === variableLength && (bits & 15) === 1) return { ...type, name: "text", inHeap: true };
  return type;
}

/** Of a message that holds another: the part of **size** bytes, where padded to a multiple of eight. */
export function padded(part: Part, what: string, size: number, isPadded: boolean): Part {
  const wide = inner(part, what, isPadded ? 8 * Math.ceil(size / 8) : size);
  return { ...wide, end: wide.start + size };
}

/** Reads a number of a type. */
type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

const readers: Readonly<Record<string, Reader>> = {
  f2: (view, at, little) => half(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
};

/** Whether values of a type are numbers. */
export function isNumber({ name }: ValueType): boolean {
  return Object.hasOwn(readers, name);
}

/** Puts the numbers that stand in **bytes** into **result**. */
export function readNumbers(type: ValueType, bytes: Uint8Array, result: Float32Array): void {
  if (type.name === "f4" && type.littleEndian) {
    new Uint8Array(result.buffer, result.byteOffset, bytes.length).set(bytes);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[type.name]!;
  const count = bytes.length / type.size;
  for (let i = 0; i < count; i++) result[i] = read(view, i * type.size, type.littleEndian);
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
