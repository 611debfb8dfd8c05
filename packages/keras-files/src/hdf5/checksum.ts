import { brokenAt, type Hdf5Bytes } from "./bytes.ts";

/**
 * Compares the bytes from **start** to **end** with the checksum that stands at **at**, by default behind them.
 * Files of the older format, h5py's default, have none.
 *
 * @throws if they differ.
 */
export function expectChecksum(
  file: Hdf5Bytes,
  what: string,
  start: number,
  end: number,
  at: number = end,
): void {
  const { bytes, view } = file;
  if (!(at + 4 <= bytes.length && end <= bytes.length)) throw brokenAt(file, what, start);
  let covered = bytes.subarray(start, end);
  if (at < end) {
    // A checksum in the midst of its bytes counts as zeros.
    covered = covered.slice();
    covered.fill(0, at - start, at - start + 4);
  }
  if (lookup3(covered) !== view.getUint32(at, true)) throw brokenAt(file, what, start);
}

/**
 * HDF5's checksum of descriptions, an unsigned number.
 *
 * Reference: Bob Jenkins, lookup3.c, hashlittle, http://burtleburtle.net/bob/c/lookup3.c
 */
export function lookup3(bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.length) | 0;
  let [b, c] = [a, a];
  const word = (at: number): number => {
    let value = 0;
    for (let i = Math.min(at + 4, bytes.length) - 1; i >= at; i--) value = (value << 8) | bytes[i]!;
    return value;
  };
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) | 0) ^ rotated(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotated(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotated(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotated(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotated(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotated(b, 4);
    b = (b + a) | 0;
  }
  if (at === bytes.length) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotated(b, 14)) | 0;
  a = ((a ^ c) - rotated(c, 11)) | 0;
  b = ((b ^ a) - rotated(a, 25)) | 0;
  c = ((c ^ b) - rotated(b, 16)) | 0;
  a = ((a ^ c) - rotated(c, 4)) | 0;
  b = ((b ^ a) - rotated(a, 14)) | 0;
  c = ((c ^ b) - rotated(b, 24)) | 0;
  return c >>> 0;
}

const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
