import { DatasetError } from "./dataset-error.ts";
import { readNpy, readNpyIntegers } from "./npy.ts";
import { type Inflate, openNpz } from "./npz.ts";
import { type PickledLists, readPickledLists } from "./pickle.ts";

/** One half of `imdb.npz` as it lies in the file: unshuffled, without start token or index offset. */
export interface StoredSplit {
  lists: PickledLists;
  labels: Int32Array;
}

/** The bytes of an `imdb.npz`, read. */
export function readImdbFile(
  who: string,
  bytes: Uint8Array,
  inflate: Inflate,
): { train: StoredSplit; test: StoredSplit } {
  const member = openNpz(who, bytes, inflate);
  const split = (name: string): StoredSplit => {
    const lists = readLists(`${who}: x_${name}.npy`, member(`x_${name}.npy`));
    const labels = readNpyIntegers(`${who}: y_${name}.npy`, member(`y_${name}.npy`));
    if (labels.length !== lists.starts.length)
      throw new DatasetError(
        "format",
        `${who}: expected a label for each of ${lists.starts.length} reviews of x_${name}, got ${labels.length}`,
      );
    return { lists, labels };
  };
  return { train: split("train"), test: split("test") };
}

function readLists(who: string, bytes: Uint8Array): PickledLists {
  const { descr, length, body } = readNpy(who, bytes);
  if (descr !== "|O" && descr !== "O")
    throw new DatasetError("format", `${who}: expected an object array (|O), got ${descr}`);
  const lists = readPickledLists(who, body);
  if (lists.starts.length !== length)
    throw new DatasetError(
      "format",
      `${who}: expected ${length} lists as its header says, got ${lists.starts.length}`,
    );
  return lists;
}
