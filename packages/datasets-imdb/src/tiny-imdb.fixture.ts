// Writes small files of the format of imdb.npz, for tests only: it is not shipped.
import { createHash } from "node:crypto";
import { zipSync } from "fflate";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Opcodes and arguments, one behind the other. */
export function bytesOf(...parts: (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number"
        ? [part]
        : Array.from(typeof part === "string" ? latin1(part) : part),
    ),
  );
}

function integer(value: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(5));
  out.setUint8(0, 0x4a);
  out.setInt32(1, value, true);
  if (value >= 0 && value < 256) return Uint8Array.of(0x4b, value);
  if (value >= 0 && value < 65536) return Uint8Array.of(0x4d, value & 255, value >> 8);
  return new Uint8Array(out.buffer);
}

/** What stands before and behind the lists in the pickle of an object array, protocol 2. */
export function pickleOf(length: number, lists: Uint8Array): Uint8Array {
  return bytesOf(
    ...[
      "\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\0\x85U\x01b\x87Rq\x03",
    ],
    ...["(K\x01", integer(length), "\x85cnumpy\ndtype\nq\x04U\x02O8K\0K\x01\x87Rq\x05"],
    ...["(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89", lists, "tb."],
  );
}

/** Lists as Python 2's pickler wrote them: 1000 at a time, each remembered. */
export function pickledLists(lists: number[][]): Uint8Array {
  const parts: (number | string | Uint8Array)[] = ["]q\x06"];
  for (let from = 0; from < lists.length; from += 1000) {
    const batch = lists.slice(from, from + 1000);
    if (batch.length > 1) parts.push("(");
    for (const [i, list] of batch.entries()) {
      const memo = from + i + 7;
      parts.push("]", ...(memo < 256 ? ["q", memo] : ["r", memo & 255, memo >> 8, 0, 0]));
      if (list.length === 1) parts.push(integer(list[0]!), "a");
      else if (list.length > 1) parts.push("(", ...list.map(integer), "e");
    }
    parts.push(batch.length > 1 ? "e" : "a");
  }
  return pickleOf(lists.length, bytesOf(...parts));
}

/** A `.npy` file of version 1. */
export function npy(descr: string, length: number | string, body: Uint8Array): Uint8Array {
  const shape = typeof length === "number" ? `(${length},)` : length;
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`;
  return bytesOf("\x93NUMPY\x01\0", header.length & 255, header.length >> 8, header, body);
}

/** Labels as int64. */
export function labels(y: number[]): Uint8Array {
  return npy("<i8", y.length, new Uint8Array(BigInt64Array.from(y, BigInt).buffer));
}

export const tinyTrain: number[][] = Array.from({ length: 12 }, (_, i) =>
  Array.from({ length: i + 2 }, (_, j) => ((i * 37 + j * 11) % 400) + 1),
);
export const tinyTest: number[][] = tinyTrain.map((list) => list.map((id) => id + 1)).reverse();

/** The members of a file of 12 and 12 reviews. */
export function tinyMembers(): Record<string, Uint8Array> {
  const y = tinyTrain.map((_, i) => Number(i < 6));
  return {
    "x_test.npy": npy("|O", 12, pickledLists(tinyTest)),
    "x_train.npy": npy("|O", 12, pickledLists(tinyTrain)),
    "y_train.npy": labels(y),
    "y_test.npy": labels(y),
  };
}

/** The file itself and its hash. */
export function tinyImdb(members: Record<string, Uint8Array> = tinyMembers()): {
  bytes: Uint8Array<ArrayBuffer>;
  sha256: string;
} {
  const bytes = zipSync(members, { mtime: new Date(2017, 1, 18) }) as Uint8Array<ArrayBuffer>;
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}
