// Where an HDF5 file begins, and the messages that describe each of its objects.
// Reference: HDF5 File Format Specification, II. Level 0 - File Metadata, IV.A. Data Object Headers

import {
  address,
  brokenAt,
  expectSignature,
  expectVersion,
  type Hdf5Bytes,
  inner,
  length,
  otherThan,
  type Part,
  partOf,
  skip,
  spend,
  uint,
} from "./bytes.ts";
import { expectChecksum } from "./checksum.ts";

/** Kinds of messages that count here. */
export const kinds = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** A message of an object's header. */
export interface Message {
  kind: number;
  body: Part;
}

/**
 * Reads the superblock and gives the address of the root group.
 *
 * @throws for a file that is cut off, saying where.
 */
export function rootAddress(file: Hdf5Bytes): number {
  const signature = 8;
  const part = partOf(file, "superblock", signature, Math.min(100, file.bytes.length - signature));
  const version = expectVersion(part, 0, 1, 2, 3);
  if (version < 2) skip(part, 4);
  [file.addressSize, file.lengthSize] = [sizeOf(part), sizeOf(part)];
  skip(part, version < 2 ? 9 : 1);
  if (version === 1) skip(part, 4);
  if (address(part) !== 0) throw brokenAt(file, "superblock", 0);
  address(part);
  const [end, got] = [address(part), file.bytes.length];
  if (end === undefined) throw brokenAt(file, "superblock", 0);
  if (end > got) {
    throw otherThan(file, "a whole HDF5 file", `one that is cut off at byte ${got} of ${end}`);
  }
  if (version < 2) {
    // Of the driver, and of the root's name.
    skip(part, 2 * file.addressSize);
  }
  const root = address(part);
  if (root === undefined) throw brokenAt(file, "superblock", 0);
  if (version >= 2) expectChecksum(file, "superblock", 0, part.at);
  return root;
}

function sizeOf(part: Part): number {
  const size = uint(part, 1);
  if (size === 2 || size === 4 || size === 8) return size;
  throw brokenAt(part.file, part.what, 0);
}

const known = new Set<number>(Object.values(kinds));
/** What a message takes in memory. */
const messageBytes = 64;

/** The messages of the object at an address. */
export function messagesAt(file: Hdf5Bytes, at: number): Message[] {
  const messages: Message[] = [];
  const isNew = file.bytes[at] === 0x4f;
  const start = partOf(file, "object header", at, isNew ? 6 : 16);
  let shape: Shape = { isNew: false, hasOrder: false };
  let first: Part;
  if (isNew) {
    expectSignature(start, "OHDR");
    expectVersion(start, 2);
    const flags = uint(start, 1);
    shape = { isNew, hasOrder: (flags & 4) !== 0 };
    const before = (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
    const width = 1 << (flags & 3);
    const size = uint(partOf(file, "object header", start.end + before, width), width);
    first = partOf(file, "object header", start.end + before + width, size);
    expectChecksum(file, "object header", at, first.end);
  } else {
    expectVersion(start, 1);
    skip(start, 7);
    first = partOf(file, "object header", start.end, uint(start, 4));
  }
  const open = [first];
  for (let block = open.pop(); block; block = open.pop()) {
    for (let next = message(block, shape); next; next = message(block, shape)) {
      if (!known.has(next.kind)) continue;
      if (next.kind !== kinds.continuation) {
        spend(file, messageBytes);
        messages.push(next);
        continue;
      }
      const [from, size] = [address(next.body) ?? Number.NaN, length(next.body)];
      const more = partOf(file, "object header", from, size);
      if (isNew) {
        expectSignature(more, "OCHK");
        more.end -= 4;
        expectChecksum(file, "object header", from, more.end);
      }
      open.push(more);
    }
  }
  return messages;
}

interface Shape {
  isNew: boolean;
  /** Whether each message has its number in the order of creation. */
  hasOrder: boolean;
}

function message(block: Part, { isNew, hasOrder }: Shape): Message | undefined {
  const prefix = isNew ? (hasOrder ? 6 : 4) : 8;
  // What is left over is a gap.
  if (block.end - block.at < prefix) return undefined;
  const kind = uint(block, isNew ? 1 : 2);
  const size = uint(block, 2);
  const flags = uint(block, 1);
  skip(block, prefix - (isNew ? 4 : 5));
  const body = inner(block, "object header", size);
  if (known.has(kind) && flags & 2) {
    throw otherThan(
      block.file,
      "objects that describe themselves",
      "one with a shared description",
    );
  }
  return { kind, body };
}
