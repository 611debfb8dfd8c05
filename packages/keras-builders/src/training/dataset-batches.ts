// The batches of a dataset, held against the model before anything is done with them: tfjs-layers checks no shapes
// there, and drops what it has no name for.

import { checkOptions, shown } from "@rnnkit/core-rnn";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import type { Compiled } from "../compile/compiled-model.ts";
import { checkTargetOf, fits, shapeOf } from "../compile/target-shape.ts";
import { type ClassWeight, exampleWeights, type SampleWeight } from "./sample-weights.ts";
import { withTargetAxes } from "./target-axis.ts";
import { checkFilled, namedTensors } from "./tensor-names.ts";

/** A checked batch. */
export interface Batch {
  xs: Tensor[];
  ys: Tensor[];
}
interface Step {
  value: unknown;
  done?: boolean;
}
interface Batches {
  next(): Promise<Step>;
}
/** What tfjs-data makes, as tfjs-layers uses it. */
export interface Dataset {
  size?: number;
  iterator(): Promise<Batches>;
}

/** A dataset of checked batches. */
export interface CheckedDataset extends Dataset {
  iterator(): Promise<{ next(): Promise<{ value: Batch | null; done: boolean }> }>;
  /** Reads and checks the first batch, which is the first of the next iterator. */
  open(): Promise<void>;
  /** Lets go of a batch that {@link open} has read and nobody asked for. */
  close(): void;
}

const checked = new WeakSet<object>();
/** The weights of a batch, by its first input. */
const weights = new WeakMap<Tensor, Tensor[]>();

/** What a batch is made of: inputs, targets and, if it has some, weights, which are its caller's from now on. */
export function tensorsOfBatch({ xs, ys }: Batch): Tensor[] {
  const own = weights.get(xs[0]!) ?? [];
  weights.delete(xs[0]!);
  return [...xs, ...ys, ...own];
}

/**
 * A dataset, or an iterator of one, whose batches go with the model: `{ xs, ys }` and, where examples count
 * differently, `sampleWeight`. **classWeight** weighs them by their targets.
 *
 * @throws if it is none, or the model is not compiled. Reading a batch throws where it lacks a tensor or has one more,
 * where inputs or targets have other shapes than the model's.
 */
export function checkedDataset(
  who: string,
  model: Compiled,
  given: unknown,
  classWeight?: ClassWeight,
): CheckedDataset {
  if (checked.has(given as object)) return given as CheckedDataset;
  if (!model.optimizer) throw new Error(`${who}: expected a compiled model, got one that is not`);
  const { iterator, next, size } = (given ?? {}) as Partial<Dataset & Batches>;
  if (typeof iterator !== "function" && typeof next !== "function") {
    throw new TypeError(`${who}: expected a dataset, of tfjs-data's kind, got ${shown(given)}`);
  }
  type Opened = Awaited<ReturnType<CheckedDataset["iterator"]>>;
  const opened = async (): Promise<Opened> => {
    const isIterator = typeof next === "function";
    const batches = isIterator ? (given as Batches) : await (given as Dataset).iterator();
    return {
      async next() {
        const { value, done = false } = await batches.next();
        if (value == null) return { value: null, done };
        return { value: await checkedBatch(who, model, value, classWeight), done };
      },
    };
  };
  let first: [Opened, Awaited<ReturnType<Opened["next"]>>] | undefined;
  const dataset: CheckedDataset = {
    ...(size === undefined ? {} : { size }),
    async open() {
      const batches = await opened();
      const step = await batches.next();
      if (!step.value) throw noBatches(who);
      first = [batches, step];
    },
    close() {
      const batch = first?.[1].value;
      first = undefined;
      if (batch) dispose(tensorsOfBatch(batch));
    },
    async iterator() {
      if (!first) return opened();
      const [batches, step] = first;
      first = undefined;
      let isRead = false;
      return {
        async next() {
          if (isRead) return batches.next();
          isRead = true;
          return step;
        },
      };
    },
  };
  checked.add(dataset);
  return dataset;
}

/** What is said where there is nothing to train on, or to evaluate. */
export function noBatches(who: string): Error {
  return new Error(`${who}: expected a dataset of batches, got none`);
}

/** The batch, its targets with their last axes. */
async function checkedBatch(
  who: string,
  model: Compiled,
  given: unknown,
  classWeight: ClassWeight | undefined,
): Promise<Batch> {
  try {
    const example = "{ xs, ys } or { xs, ys, sampleWeight }";
    checkOptions(who, given, ["xs", "ys", "sampleWeight"], example, "parts of a batch");
    const parts = given as { xs: unknown; ys: unknown; sampleWeight?: SampleWeight | null };
    const xs = namedTensors(`${who}: expected xs`, model.inputNames, parts.xs);
    const ys = namedTensors(`${who}: expected ys`, model.outputNames, parts.ys);
    checkFilled(who, [...xs, ...ys]);
    checkExamples(who, model, xs, ys);
    const [targets, made] = withTargetAxes(model, ys) as [Tensor[], Tensor[]];
    try {
      for (const [i, target] of targets.entries()) {
        checkTargetOf(model, i, target, model.outputs[i]!.shape, who);
      }
      const { sampleWeight } = parts;
      const names = model.outputNames;
      const own = await exampleWeights(who, { sampleWeight, classWeight }, targets, names);
      if (own) weights.set(xs[0]!, own);
      dispose(sampleWeight as never);
      const used = [...xs, ...targets];
      dispose(ys.filter((target) => !used.includes(target)));
      return { xs, ys: targets };
    } catch (error) {
      dispose(made);
      throw error;
    }
  } catch (error) {
    dispose(given as never);
    throw error;
  }
}

/** Inputs of the model's shapes, and as many targets. */
function checkExamples(who: string, model: Compiled, xs: Tensor[], ys: Tensor[]): void {
  for (const [i, x] of xs.entries()) {
    const { shape } = model.inputs[i]!;
    if (fits(x, shape)) continue;
    throw new Error(
      `${who}: expected xs of ${model.inputNames[i]} to be of shape ${shapeOf(shape)}, got ${shown(x.shape)}`,
    );
  }
  const [count] = xs[0]!.shape;
  const other = [...xs, ...ys].find((each) => each.shape[0] !== count);
  if (!other) return;
  throw new Error(`${who}: expected ${count} examples in xs and ys, got ${shown(other.shape)}`);
}
