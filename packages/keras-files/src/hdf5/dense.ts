// Where HDF5 keeps links and attributes that are too many for an object's header: in a heap of blocks of
// doubling sizes, and a B-tree that says where.
// Reference: HDF5 File Format Specification, III.A.2. Version 2 B-trees, III.G. Fractal Heap

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
  uint,
} from "./bytes.ts";
import { expectChecksum } from "./checksum.ts";

/** Types of B-trees, by what their records are of. */
const [hugeObjects, byLinkName, byAttributeName] = [1, 5, 8];

/** The links or attributes that a B-tree of names lists, each as a message would have it. */
export function denseObjects(
  file: Hdf5Bytes,
  heap: number | undefined,
  tree: number | undefined,
  what: "links" | "attributes",
): Part[] {
  const type = what === "links" ? byLinkName : byAttributeName;
  const objectOf = fractalHeap(file, heap ?? Number.NaN);
  return recordsOf(file, tree ?? Number.NaN, type).map((record) => {
    if (type === byLinkName) skip(record, 4);
    return objectOf(record);
  });
}

/** The records of a B-tree, in no order. */
function recordsOf(file: Hdf5Bytes, at: number, type: number): Part[] {
  const header = partOf(file, "B-tree", at, 22 + file.addressSize + file.lengthSize);
  expectSignature(header, "BTHD");
  expectChecksum(file, "B-tree", at, header.end - 4);
  expectVersion(header, 0);
  if (uint(header, 1) !== type) throw brokenAt(file, "B-tree", at);
  const [nodeSize, recordSize, depth] = [uint(header, 4), uint(header, 2), uint(header, 2)];
  skip(header, 2);
  const root = { at: address(header) ?? Number.NaN, count: uint(header, 2), depth };
  if (recordSize === 0 || depth > mostDepth) throw brokenAt(file, "B-tree", at);
  if (length(header) === 0) return [];

  // How many records a node holds decides in how many bytes it is told.
  const most = Math.floor((nodeSize - nodeOverhead) / recordSize);
  const countSize = sizeOfNumber(most);
  const below = [{ most, all: most, size: 0 }];
  for (let level = 1; level <= depth; level++) {
    const last = below[level - 1]!;
    const pointer = file.addressSize + countSize + last.size;
    const own = Math.floor((nodeSize - nodeOverhead - pointer) / (recordSize + pointer));
    const all = (own + 1) * last.all + own;
    below.push({ most: own, all, size: sizeOfNumber(all) });
  }

  const records: Part[] = [];
  const open = [root];
  for (let node = open.pop(); node; node = open.pop()) {
    const part = partOf(file, "B-tree", node.at, Math.min(nodeSize, file.bytes.length - node.at));
    expectSignature(part, node.depth === 0 ? "BTLF" : "BTIN");
    expectVersion(part, 0);
    if (uint(part, 1) !== type) throw brokenAt(file, "B-tree", node.at);
    for (let i = 0; i < node.count; i++) records.push(inner(part, "B-tree", recordSize));
    for (let i = 0; node.depth > 0 && i <= node.count; i++) {
      const child = { at: address(part) ?? Number.NaN, count: uint(part, countSize) };
      skip(part, below[node.depth - 1]!.size);
      open.push({ ...child, depth: node.depth - 1 });
    }
    expectChecksum(file, "B-tree", node.at, part.at);
  }
  return records;
}

/** Trees of billions of records are not deeper. */
const mostDepth = 16;
/** Signature, version, type and checksum. */
const nodeOverhead = 10;

/** Bytes in which numbers up to **most** are written. */
function sizeOfNumber(most: number): number {
  return Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
}

/** Gives the object that an ID in a heap stands for. */
function fractalHeap(file: Hdf5Bytes, at: number): (id: Part) => Part {
  const { addressSize, lengthSize } = file;
  const header = partOf(file, "heap", at, 22 + 12 * lengthSize + 3 * addressSize);
  expectSignature(header, "FRHP");
  expectVersion(header, 0);
  const [idSize, filters] = [uint(header, 2), uint(header, 2)];
  const hasChecksums = (uint(header, 1) & 2) !== 0;
  const mostManaged = uint(header, 4);
  skip(header, lengthSize);
  const hugeTree = address(header);
  skip(header, 9 * lengthSize + addressSize);
  const width = uint(header, 2);
  const [first, mostDirect] = [length(header), length(header)];
  const offsetSize = Math.ceil(uint(header, 2) / 8);
  skip(header, 2);
  const [root, rows] = [address(header) ?? Number.NaN, uint(header, 2)];
  expectChecksum(file, "heap", at, header.end);
  if (filters > 0) throw otherThan(file, "descriptions without filters", "a heap with filters");
  if (!(width > 0 && first > 0 && idSize > 0)) throw brokenAt(file, "heap", at);
  const lengthWidth = Math.min(
    Math.ceil(Math.log2(Math.max(2, mostDirect)) / 8),
    sizeOfNumber(mostManaged),
  );
  const sizeOfRow = (row: number) => first * 2 ** Math.max(0, row - 1);
  const startOfRow = (row: number) => (row === 0 ? 0 : width * sizeOfRow(row));

  const checked = new Set<number>();
  const before = 5 + addressSize + offsetSize;
  /** Looks once at a block of **size** bytes, of which the first say what it is. */
  const check = (block: number, signature: string, size: number): void => {
    if (checked.has(block)) return;
    checked.add(block);
    expectSignature(partOf(file, "heap", block, size), signature);
    if (signature === "FHIB") expectChecksum(file, "heap", block, block + size);
    else if (hasChecksums) expectChecksum(file, "heap", block, block + size, block + before);
  };

  /** The bytes from an offset on, in the direct block that has it. */
  const managed = (offset: number, size: number): Part => {
    let [block, within, left] = [root, offset, rows];
    let blockSize = first;
    while (left > 0) {
      let row = 0;
      while (row < left && within >= startOfRow(row + 1)) row++;
      if (row >= left) throw brokenAt(file, "heap", at);
      blockSize = sizeOfRow(row);
      const column = Math.floor((within - startOfRow(row)) / blockSize);
      within -= startOfRow(row) + column * blockSize;
      check(block, "FHIB", before + left * width * addressSize);
      const entry = block + before + (row * width + column) * addressSize;
      block = address(partOf(file, "heap", entry, addressSize)) ?? Number.NaN;
      left = blockSize <= mostDirect ? 0 : Math.round(Math.log2(blockSize / (first * width))) + 1;
    }
    check(block, "FHDB", blockSize);
    if (!(within + size <= blockSize)) throw brokenAt(file, "heap", block);
    return partOf(file, "heap", block + within, size);
  };

  let hugeOnes: Map<number, [start: number, size: number]> | undefined;
  const huge = (id: number): Part => {
    hugeOnes ??= new Map(
      recordsOf(file, hugeTree ?? Number.NaN, hugeObjects).map((record) => {
        const place: [number, number] = [address(record) ?? Number.NaN, length(record)];
        return [length(record), place];
      }),
    );
    return partOf(file, "heap", ...(hugeOnes.get(id) ?? [Number.NaN, 0]));
  };

  return (record) => {
    const id = inner(record, "heap", idSize);
    const kind = (uint(id, 1) >> 4) & 3;
    if (kind === 0) return managed(uint(id, offsetSize), uint(id, lengthWidth));
    if (kind === 1) return huge(uint(id, Math.min(lengthSize, idSize - 1)));
    throw brokenAt(file, "heap", at);
  };
}
