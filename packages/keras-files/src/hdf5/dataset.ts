// Where an HDF5 dataset's values lie, and the values.
// Reference: HDF5 File Format Specification, IV.A.2.i. The Data Layout Message

import {
  address,
  brokenAt,
  expectVersion,
  type Hdf5Bytes,
  inner,
  length,
  otherThan,
  type Part,
  skip,
  text,
  uint,
} from "./bytes.ts";
import { treeNode } from "./group.ts";
import { kinds, type Message } from "./header.ts";
import { countOf, readNumbers, shapeOf, typeOf, type ValueType } from "./type.ts";

/** What an object's messages say of its values. */
export interface Description {
  /** Undefined: it has none. */
  shape: readonly number[] | undefined;
  type: ValueType;
  layout: Layout;
  /** What stands where nothing was written: a value's bytes, or else zeros. */
  fill: Uint8Array | undefined;
  /** The name of the first filter, if any. */
  filter: string | undefined;
  inOtherFiles: boolean;
}

/** Where values lie; without an address nothing was written yet. */
type Layout =
  | { kind: "whole"; at: number | undefined; size: number }
  | { kind: "chunks"; at: number | undefined; chunk: readonly number[] }
  | { kind: "virtual" };

/** What messages describe; undefined if it is no dataset. */
export function descriptionOf(
  file: Hdf5Bytes,
  messages: readonly Message[],
): Description | undefined {
  const bodyOf = (kind: number): Part | undefined => {
    const body = messages.find((message) => message.kind === kind)?.body;
    return body && { ...body };
  };
  const [space, type, layout] = [kinds.dataspace, kinds.datatype, kinds.layout].map(bodyOf);
  if (!space || !type) return undefined;
  if (!layout) throw brokenAt(file, "dataset", space.start);
  const filters = bodyOf(kinds.filters);
  return {
    shape: shapeOf(space),
    type: typeOf(type),
    layout: layoutOf(layout),
    fill: fillOf(bodyOf(kinds.fill), bodyOf(kinds.oldFill)),
    filter: filters && firstFilter(filters),
    inOtherFiles: bodyOf(kinds.externalFiles) !== undefined,
  };
}

const [compact, contiguous, chunked, virtual] = [0, 1, 2, 3];

function layoutOf(part: Part): Layout {
  const version = expectVersion(part, 1, 2, 3, 4, 5);
  if (version < 3) return oldLayout(part);
  const kind = uint(part, 1);
  if (kind === compact) {
    const size = uint(part, 2);
    return { kind: "whole", at: skip(part, size), size };
  }
  if (kind === contiguous) return { kind: "whole", at: address(part), size: length(part) };
  if (kind === virtual) return { kind: "virtual" };
  if (kind !== chunked) throw brokenAt(part.file, "layout", part.start);
  if (version > 3) {
    const got = 'chunks in the form of libver="latest"; save it without that option';
    throw otherThan(part.file, "a file as Keras and h5py write it", got);
  }
  const rank = uint(part, 1) - 1;
  return { kind: "chunks", at: address(part), chunk: sizes(part, rank) };
}

function oldLayout(part: Part): Layout {
  const rank = uint(part, 1);
  const kind = uint(part, 1);
  skip(part, 5);
  const at = kind === compact ? undefined : address(part);
  if (kind === chunked) return { kind: "chunks", at, chunk: sizes(part, rank - 1) };
  const listed = sizes(part, rank);
  if (kind === contiguous) return { kind: "whole", at, size: countOf(listed) };
  if (kind !== compact) throw brokenAt(part.file, "layout", part.start);
  const size = uint(part, 4);
  return { kind: "whole", at: skip(part, size), size };
}

function sizes(part: Part, count: number): number[] {
  return Array.from({ length: Math.max(0, count) }, () => uint(part, 4));
}

function fillOf(part: Part | undefined, old: Part | undefined): Uint8Array | undefined {
  if (part) {
    const version = expectVersion(part, 1, 2, 3);
    const flags = uint(part, 1);
    if (version < 3) skip(part, 1);
    const isDefined = version < 3 ? uint(part, 1) !== 0 : (flags & 32) !== 0;
    return isDefined || version === 1 ? sized(part) : undefined;
  }
  return old && sized(old);
}

function sized(part: Part): Uint8Array | undefined {
  const size = uint(part, 4);
  const start = skip(part, size);
  return size === 0 ? undefined : part.file.bytes.subarray(start, start + size);
}

const filterNames = ["", "deflate", "shuffle", "fletcher32", "szip", "nbit", "scaleoffset"];

function firstFilter(part: Part): string | undefined {
  const version = expectVersion(part, 1, 2);
  if (uint(part, 1) === 0) return undefined;
  if (version === 1) skip(part, 6);
  const id = uint(part, 2);
  const known = filterNames[id];
  if (known !== undefined) return known;
  const nameSize = uint(part, 2);
  skip(part, 4);
  return text(inner(part, "filter", nameSize), nameSize) || `filter ${id}`;
}

/**
 * Reads all numbers, in row-major order, into **result**, which has as many places.
 *
 * @throws for values that do not lie in the file.
 */
export function readValues(file: Hdf5Bytes, from: Description, result: Float32Array): void {
  const { shape = [], type, layout, fill } = from;
  const bytesOf = (at: number, size: number): Uint8Array => {
    if (!(at + size <= file.bytes.length)) throw brokenAt(file, "dataset", at);
    return file.bytes.subarray(at, at + size);
  };
  if (layout.kind === "whole" && layout.at !== undefined) {
    const size = result.length * type.size;
    if (layout.size < size) throw brokenAt(file, "dataset", layout.at);
    readNumbers(type, bytesOf(layout.at, size), result);
    return;
  }
  const empty = new Float32Array(1);
  if (fill?.length === type.size) readNumbers(type, fill, empty);
  result.fill(empty[0]!);
  if (layout.kind !== "chunks" || layout.at === undefined) return;
  const { chunk } = layout;
  const values = countOf(chunk);
  if (chunk.length !== shape.length || !(values > 0)) throw brokenAt(file, "dataset", layout.at);
  const bytes = values * type.size;
  // So that a file that names its chunks a thousand times is not read a thousand times.
  const seen = new Set<string>();
  const open = [{ at: layout.at, level: 256 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const node = treeNode(file, next.at, next.level, 1, 8 * (chunk.length + 2));
    for (const { key, at } of node.children) {
      if (node.level > 0) {
        open.push({ at, level: node.level });
        continue;
      }
      skip(key, 8);
      const corner = chunk.map(() => uint(key, 8));
      const isPlace = corner.every((n, axis) => n % chunk[axis]! === 0) && !seen.has(`${corner}`);
      if (!isPlace) throw brokenAt(file, "dataset", at);
      seen.add(`${corner}`);
      if (corner.every((n, axis) => n < shape[axis]!)) {
        copyChunk(type, bytesOf(at, bytes), chunk, corner, shape, result);
      }
    }
  }
}

/** Copies, row by row, what of a chunk lies inside of the dataset. */
function copyChunk(
  type: ValueType,
  bytes: Uint8Array,
  chunk: readonly number[],
  corner: readonly number[],
  shape: readonly number[],
  result: Float32Array,
): void {
  const inside = chunk.map((size, axis) => Math.min(size, shape[axis]! - corner[axis]!));
  const width = inside.at(-1) ?? 1;
  const rows = countOf(inside.slice(0, -1));
  for (let row = 0; row < rows; row++) {
    let [from, to, scale, left] = [0, 0, chunk.at(-1) ?? 1, row];
    let stride = shape.at(-1) ?? 1;
    to = corner.at(-1) ?? 0;
    for (let axis = chunk.length - 2; axis >= 0; axis--) {
      const place = left % inside[axis]!;
      left = Math.floor(left / inside[axis]!);
      from += place * scale;
      to += (corner[axis]! + place) * stride;
      scale *= chunk[axis]!;
      stride *= shape[axis]!;
    }
    const start = from * type.size;
    readNumbers(
      type,
      bytes.subarray(start, start + width * type.size),
      result.subarray(to, to + width),
    );
  }
}
