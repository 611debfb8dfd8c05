import { Unzip, type UnzipFile, UnzipPassThrough } from "fflate";
import { DatasetError } from "./dataset-error.ts";

/**
 * Expands raw deflate data to at most **limit** bytes; throws, or gives more than **limit** bytes,
 * when there are more.
 */
export type Inflate = (compressed: Uint8Array, limit: number) => Uint8Array;

const mostMembers = 64;
const mostBytes = 256 * 2 ** 20;
// No deflate stream expands further: a 258-byte match costs at least two bits.
const mostExpansion = 1032;

interface Member {
  stored: boolean;
  size: number;
  chunks: Uint8Array[];
}

/**
 * Opens a zip by fflate and hands out its members one at a time, so that only one is ever
 * expanded. Declared sizes are checked against what deflate can do and against 256 MiB before
 * memory is taken, and against the real sizes afterwards.
 */
export function openNpz(
  who: string,
  bytes: Uint8Array,
  inflate: Inflate,
): (name: string) => Uint8Array {
  const members = new Map<string, Member>();
  const unzip = new Unzip((file) => addMember(who, members, file));
  unzip.register(Deflated);
  try {
    unzip.push(bytes, true);
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError("format", `${who}: expected a zip file (.npz), got a broken one`, {
      cause,
    });
  }
  return (name) => {
    const member = members.get(name);
    if (!member) {
      const names = [...members.keys()].map((key) => JSON.stringify(key)).join(", ") || "none";
      throw new DatasetError(
        "format",
        `${who}: expected a member ${name} in the zip, got ${names}`,
      );
    }
    return expand(who, name, member, inflate);
  };
}

/** Passes the compressed bytes through: inflating is the platform's. */
class Deflated extends UnzipPassThrough {
  static override compression = 8;
}

function addMember(who: string, members: Map<string, Member>, file: UnzipFile): void {
  const name = file.name.length > 64 ? `${file.name.slice(0, 64)}…` : file.name;
  const fail: (expected: string, got: unknown) => never = (expected, got) => {
    throw new DatasetError(
      "format",
      `${who}: expected ${expected}, got ${got} for ${JSON.stringify(name)}`,
    );
  };
  if (members.size === mostMembers) fail(`at most ${mostMembers} members in the zip`, "one more");
  if (members.has(file.name)) fail("each member once in the zip", "a second one");
  if (file.compression !== 0 && file.compression !== 8)
    fail("stored or deflated data in the zip", `method ${file.compression}`);
  const { size, originalSize } = file;
  if (size === undefined || originalSize === undefined)
    fail("sizes ahead of the data in the zip", "a streamed member");
  if (originalSize > mostBytes) fail(`at most ${mostBytes} bytes`, originalSize);
  if (originalSize > (file.compression === 0 ? size : size * mostExpansion))
    fail(`a size that ${size} bytes can hold`, originalSize);
  const member: Member = { stored: file.compression === 0, size: originalSize, chunks: [] };
  members.set(file.name, member);
  file.ondata = (error, chunk) => {
    if (error) throw error;
    if (chunk.length > 0) member.chunks.push(chunk);
  };
  file.start();
}

function expand(who: string, name: string, member: Member, inflate: Inflate): Uint8Array {
  // One push of the whole file gives one chunk per member.
  const compressed = member.chunks.length === 1 ? member.chunks[0]! : new Uint8Array(0);
  let data: Uint8Array;
  try {
    data = member.stored ? compressed : inflate(compressed, member.size);
  } catch (cause) {
    throw new DatasetError(
      "format",
      `${who}: expected deflated data of ${member.size} bytes in ${name}`,
      {
        cause,
      },
    );
  }
  if (data.length !== member.size)
    throw new DatasetError(
      "format",
      `${who}: expected ${member.size} bytes in ${name}, got ${data.length > member.size ? "more" : data.length}`,
    );
  return data;
}
