import { Inflate } from "fflate";
import { shownName } from "../keras/limits.ts";
import { crc32 } from "./crc32.ts";

/** The members of a zip file. */
export interface ZipArchive {
  names: readonly string[];
  /** A member's bytes, at most **limit**: a view where the file stores them as they are. */
  read(name: string, limit?: number): Uint8Array;
}

interface Member {
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  headerOffset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const endSize = 22;
const entrySize = 46;
const localSize = 30;
const mostComment = 65_535;
const mostMembers = 10_000;
// No deflate stream expands further: a 258-byte match costs at least two bits.
const mostExpansion = 1032;
// Weights that were trained shrink by a tenth. What shrinks more is taken while it is small: Keras stores.
const likelyExpansion = 10;
const smallEnough = 2 ** 25;

/**
 * Reads a zip's directory; members are looked at when they are asked for.
 *
 * The directory at the end counts, as for Python's zipfile, and not what local headers say. Declared
 * sizes are checked against **maxBytes**, against what deflate can do and, above 32 MiB, against ten times
 * the deflated size before memory is taken, the real size and the CRC-32 afterwards.
 *
 * @throws for a directory that the file does not hold, names twice, absolute, with `..` or NUL, encrypted
 * members, zip64, other methods than stored and deflated.
 */
export function openZip(who: string, bytes: Uint8Array, maxBytes: number): ZipArchive {
  const refuse: (expected: string, got: string | number) => never = (expected, got) => {
    throw new Error(`${who}: expected ${expected}, got ${got}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOfDirectory(view);
  if (end === undefined) return refuse("a zip file with a directory", "one that is cut off");
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (count > mostMembers) refuse(`at most ${mostMembers} members in the zip`, count);
  if (start + size > end) refuse("the zip's directory inside the file", "one beyond its end");

  const members = new Map<string, Member>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + entrySize > end || view.getUint32(at, true) !== entrySignature) {
      refuse(`${count} entries in the zip's directory`, i);
    }
    const nameSize = view.getUint16(at + 28, true);
    const next =
      at + entrySize + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) refuse(`${count} entries in the zip's directory`, i);
    const name = new TextDecoder().decode(
      bytes.subarray(at + entrySize, at + entrySize + nameSize),
    );
    checkName(name, refuse);
    if (members.has(name)) refuse("each member once in the zip", `${shownName(name)} twice`);
    if (view.getUint16(at + 8, true) & 1) refuse("no encrypted member", shownName(name));
    members.set(name, {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    });
    at = next;
  }

  const read = (name: string, limit = maxBytes): Uint8Array => {
    const member = members.get(name);
    if (!member) {
      const names = [...members.keys()].slice(0, 10).map(shownName).join(", ") || "none";
      return refuse(`a member ${shownName(name)} in the zip`, names);
    }
    const { crc, compressedSize, size: declared, headerOffset } = member;
    if (compressedSize === 0xffffffff || declared === 0xffffffff) {
      refuse(`${name} of less than 4 GiB`, "zip64");
    }
    if (declared > limit) refuse(`at most ${limit} bytes in ${name}`, declared);
    if (headerOffset + localSize > start || view.getUint32(headerOffset, true) !== localSignature) {
      refuse(`a header for ${name} in the zip`, "none");
    }
    const data =
      headerOffset +
      localSize +
      view.getUint16(headerOffset + 26, true) +
      view.getUint16(headerOffset + 28, true);
    if (data + compressedSize > start) {
      refuse(`${compressedSize} bytes of ${name} in the zip`, Math.max(0, start - data));
    }
    const stored = bytes.subarray(data, data + compressedSize);
    const content = expand(name, member, stored, refuse);
    if (crc32(content) !== crc) refuse(`${name} with the CRC-32 that the zip records`, "another");
    return content;
  };
  return { names: [...members.keys()], read };

  function expand(
    name: string,
    { method, compressedSize, size: declared }: Member,
    stored: Uint8Array,
    fail: typeof refuse,
  ): Uint8Array {
    if (method === 0) {
      if (declared !== compressedSize) fail(`${compressedSize} bytes in ${name}`, declared);
      return stored;
    }
    if (method !== 8) return fail(`stored or deflated data in ${name}`, `method ${method}`);
    if (declared > compressedSize * mostExpansion) {
      fail(`a size of ${name} that ${compressedSize} deflated bytes can have`, declared);
    }
    const most = Math.max(smallEnough, likelyExpansion * compressedSize);
    if (declared > most) {
      fail(
        `${name} to be stored as it is where it would be deflated to a tenth`,
        `${declared} bytes`,
      );
    }
    return inflate(stored, declared, (got) => fail(`${declared} bytes in ${name}`, got));
  }
}

/** Where the end-of-directory record stands: last in the file but for a comment. */
function endOfDirectory(view: DataView): number | undefined {
  const first = Math.max(0, view.byteLength - endSize - mostComment);
  for (let at = view.byteLength - endSize; at >= first; at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endSize + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

function checkName(name: string, refuse: (expected: string, got: string) => never): void {
  const isBad =
    name === "" ||
    name.includes("\0") ||
    name.includes("\\") ||
    /^([a-zA-Z]:|\/)/.test(name) ||
    name.split("/").includes("..");
  if (isBad) refuse("relative paths without .. in the zip", shownName(name));
}

/** Little by little, so that a stream that holds more than it declares is noticed at once. */
function inflate(
  compressed: Uint8Array,
  size: number,
  fail: (got: string | number) => never,
): Uint8Array {
  const content = new Uint8Array(size);
  let length = 0;
  const stream = new Inflate((chunk) => {
    if (length + chunk.length > size) fail("more");
    content.set(chunk, length);
    length += chunk.length;
  });
  const step = 16_384;
  try {
    for (let at = 0; at < compressed.length; at += step) {
      stream.push(compressed.subarray(at, at + step), at + step >= compressed.length);
    }
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    fail("broken deflate data");
  }
  if (length !== size) fail(length);
  return content;
}
