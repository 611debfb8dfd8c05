// Where HDF5 keeps names of a group's members, and texts of attributes.
// Reference: HDF5 File Format Specification, III.D. Local Heaps, III.E. Global Heap

import {
  brokenAt,
  expectSignature,
  expectVersion,
  type Hdf5Bytes,
  length,
  address as nextAddress,
  type Part,
  partOf,
  skip,
  text,
  uint,
} from "./bytes.ts";

/** Gives the name that stands at an offset of a local heap; what is free there is nobody's business. */
export function localHeap(file: Hdf5Bytes, at: number): (offset: number) => string {
  const header = partOf(file, "heap", at, 8 + 2 * file.lengthSize + file.addressSize);
  expectSignature(header, "HEAP");
  expectVersion(header, 0);
  skip(header, 3);
  const size = length(header);
  length(header);
  const start = nextAddress(header) ?? Number.NaN;
  const { bytes } = file;
  if (!(start + size <= bytes.length)) throw brokenAt(file, "heap", at);
  return (offset) => {
    const ending = bytes.subarray(0, start + size).indexOf(0, start + offset);
    if (!(offset < size) || ending < 0) throw brokenAt(file, "heap", at);
    const [from, width] = [start + offset, ending - start - offset];
    return text(partOf(file, "heap", from, width), width);
  };
}

const headerSize = 16;

/** Gives objects of a file's global heaps, each of which is walked once. */
export function globalHeaps(file: Hdf5Bytes): (at: number, index: number) => Part {
  const heaps = new Map<number, Map<number, [start: number, size: number]>>();
  return (at, index) => {
    const objects = heaps.get(at) ?? objectsOf(file, at);
    heaps.set(at, objects);
    const found = objects.get(index);
    if (!found) throw brokenAt(file, "heap", at);
    return partOf(file, "heap", ...found);
  };
}

function objectsOf(file: Hdf5Bytes, at: number): Map<number, [start: number, size: number]> {
  const header = partOf(file, "heap", at, headerSize);
  expectSignature(header, "GCOL");
  expectVersion(header, 1);
  skip(header, 3);
  const heap = partOf(file, "heap", at, length(header));
  heap.at = header.at;
  const objects = new Map<number, [start: number, size: number]>();
  while (heap.end - heap.at >= headerSize) {
    const start = heap.at;
    const index = uint(heap, 2);
    skip(heap, 6);
    const size = length(heap);
    // What is free counts its own header, and has no number.
    const taken = index === 0 ? size : headerSize + 8 * Math.ceil(size / 8);
    if (taken === 0 || !(start + taken <= heap.end)) throw brokenAt(file, "heap", start);
    if (index > 0) objects.set(index, [start + headerSize, size]);
    heap.at = start + taken;
  }
  return objects;
}
