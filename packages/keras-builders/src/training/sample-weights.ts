// What a caller says of how much examples count: sampleWeight and classWeight.

import { shown } from "@rnnkit/core-rnn";
import { argMax, cast, clone, squeeze, Tensor, tensor, tidy } from "@tensorflow/tfjs-core";

/** Of each output of a model, in their order, by its name, or one for all. */
export type SampleWeight = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;
/** How much each class counts, by its number; 1 for one that is not named. */
export type ClassWeight = Readonly<Record<number, number>>;

/** How much examples, time steps or classes count, in training and in evaluation. */
export interface ExampleWeights {
  /**
   * [N] or [N, 1]: how much each example counts; [N, T]: each time step of it. A loss is Σ w l / N, not
   * divided by Σ w.
   */
  sampleWeight?: SampleWeight | null | undefined;
  /** How much examples of each class count. Not together with **sampleWeight**. */
  classWeight?: ClassWeight | readonly ClassWeight[] | Readonly<Record<string, ClassWeight>> | null;
}

/** The weights of each output, tensors of their own; undefined where nothing is said. */
export async function exampleWeights(
  who: string,
  { sampleWeight, classWeight }: ExampleWeights,
  targets: readonly Tensor[],
  outputNames: readonly string[],
): Promise<Tensor[] | undefined> {
  if (sampleWeight != null && classWeight != null) {
    throw new Error(`${who}: expected sampleWeight or classWeight, got both`);
  }
  if (sampleWeight != null) return sampleWeights(who, sampleWeight, targets, outputNames);
  if (classWeight == null) return undefined;
  const each = classWeights(who, classWeight, outputNames);
  return Promise.all(targets.map((target, i) => weightsOfClasses(each[i]!, target)));
}

/** The weights of each output, tensors of their own. */
export function sampleWeights(
  who: string,
  given: SampleWeight,
  targets: readonly Tensor[],
  outputNames: readonly string[],
): Tensor[] {
  const each = forOutputs<Tensor>(
    who,
    "sampleWeight",
    given,
    (w) => w instanceof Tensor,
    outputNames,
  );
  for (const [i, weight] of each.entries()) {
    const [N] = targets[i]!.shape;
    const isNumeric = weight.dtype === "float32" || weight.dtype === "int32";
    const fits = weight.rank > 0 && weight.shape[0] === N && isNumeric && !weight.isDisposed;
    if (!fits) {
      const got = weight.isDisposed
        ? "a disposed tensor"
        : `${weight.dtype} ${shown(weight.shape)}`;
      throw new Error(`${who}: expected sampleWeight of ${N} numbers, one an example, got ${got}`);
    }
  }
  return each.map((weight) =>
    weight.dtype === "float32" ? clone(weight) : cast(weight, "float32"),
  );
}

function forOutputs<T>(
  who: string,
  what: string,
  given: unknown,
  isOne: (value: unknown) => boolean,
  outputNames: readonly string[],
): T[] {
  if (isOne(given)) return outputNames.map(() => given as T);
  const values = Array.isArray(given)
    ? given
    : outputNames.map((name) => (given as Record<string, unknown> | null)?.[name]);
  const names = given && !Array.isArray(given) ? Object.keys(given) : [];
  const strange = names.find((name) => !outputNames.includes(name));
  if (values.length === outputNames.length && values.every(isOne) && strange === undefined) {
    return values as T[];
  }
  const kind = what === "sampleWeight" ? "a tensor" : "an object of numbers";
  throw new Error(
    `${who}: expected ${what} to be ${kind}, or one for each of the outputs ${outputNames.join(", ")}, got ${strange ?? shown(given)}`,
  );
}

function classWeights(who: string, given: unknown, outputNames: readonly string[]): ClassWeight[] {
  const isWeight = (weight: unknown) =>
    typeof weight === "number" && weight >= 0 && weight < Infinity;
  const isOne = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Tensor) &&
    Object.entries(value).every(([name, weight]) => /^\d+$/.test(name) && isWeight(weight)) &&
    !Array.isArray(value);
  return forOutputs<ClassWeight>(who, "classWeight", given, isOne, outputNames);
}

/** Classes are whole numbers, or rows of which the largest says the class. */
async function weightsOfClasses(weights: ClassWeight, target: Tensor): Promise<Tensor> {
  const classes = tidy(() => {
    if (target.rank < 2) return clone(target);
    return target.shape.at(-1) === 1 ? squeeze(target, [target.rank - 1]) : argMax(target, -1);
  });
  try {
    const numbers = await classes.data();
    const values = Float32Array.from(numbers, (n) => weights[Math.round(n)] ?? 1);
    return tensor(values, classes.shape);
  } finally {
    classes.dispose();
  }
}
