import { shown } from "@rnnkit/core-rnn";

/** The formats of a whole model: Keras 3's own, and the older HDF5 file. */
export type KerasFormat = "keras" | "h5";

const endings: Readonly<Record<string, KerasFormat>> = {
  ".keras": "keras",
  ".h5": "h5",
  ".hdf5": "h5",
};

/** The format that is asked for, or that a path's ending says; `.keras` where nothing does. */
export function formatOf(path: string | undefined, asked: KerasFormat | undefined): KerasFormat {
  if (asked !== undefined) {
    if (asked === "keras" || asked === "h5") return asked;
    throw new Error(`saveKerasModel: expected format keras or h5, got ${shown(asked)}`);
  }
  if (path === undefined) return "keras";
  if (path.endsWith(".weights.h5")) {
    throw new Error(`saveKerasModel: expected a path of a whole model, got ${path}: saveWeights`);
  }
  const ending = Object.keys(endings).find((known) => path.toLowerCase().endsWith(known));
  if (ending) return endings[ending]!;
  throw new Error(`saveKerasModel: expected a path that ends in .keras or .h5, got ${path}`);
}

/** Keras reads weights only from files that end so. */
export function checkWeightsPath(path: string): void {
  if (path.endsWith(".weights.h5")) return;
  throw new Error(`saveWeights: expected a path that ends in .weights.h5, got ${path}`);
}
