/** `GCOL`, version 1 and three zeros, as two little-endian numbers. */
const [signature, version] = [0x4c4f4347, 1];
const headerSize = 16;

/**
 * Walks HDF5's global heaps, in which texts of attributes lie, as its library will: that one walks in
 * place for ever where an object is said to take no bytes.
 *
 * Reference: HDF5 File Format Specification, III.E, Disk Format: Level 1E - Global Heap
 *
 * @throws for an object of no size, or one that its heap cannot hold.
 */
export function checkHeaps(who: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf(71); at >= 0; at = bytes.indexOf(71, at + 1)) {
    if (at + headerSize > bytes.length || view.getUint32(at, true) !== signature) continue;
    if (view.getUint32(at + 4, true) === version) checkHeap(who, view, at);
  }
}

function checkHeap(who: string, view: DataView, start: number): void {
  const end = start + Number(view.getBigUint64(start + 8, true));
  if (end > view.byteLength) throw broken(who, start);
  for (let at = start + headerSize; at + headerSize <= end; ) {
    const size = Number(view.getBigUint64(at + 8, true));
    // What is free counts its own header, and has no number.
    const isFree = view.getUint16(at, true) === 0;
    const taken = isFree ? size : headerSize + 8 * Math.ceil(size / 8);
    if (taken === 0 || at + taken > end) throw broken(who, at);
    at += taken;
  }
}

function broken(who: string, at: number): Error {
  return new Error(`${who}: expected a whole HDF5 file, got one with a broken heap at byte ${at}`);
}
