import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { relativeError } from "../bench/agreement.ts";
import { type Examples, toTensor } from "../training.ts";
import { useVariant } from "./backend.ts";
import {
  type BuildModel,
  buildModel,
  initialWeights,
  type Problem,
  readWeights,
  writeWeights,
} from "./models.ts";
import { variantKey } from "./plan.ts";
import type { Check, Variant } from "./schema.ts";

/** What is checked, and with what. */
export interface CheckCase {
  problem: Problem;
  /** Some of their first rows are taken. */
  examples: Examples;
  build: BuildModel;
}

// Few rows, of few steps where they are many: the reference takes its time for each.
const ROWS = 3;
const STEPS = 60;
// A step so long that rounding of the weights does not show in it.
const STEP = 2 ** 20;
const SEED = 7;

const outputs = tolerances.models.predictions.ofLargest;
const allowed: Check["allowed"] = { outputs, gradients: 10 * outputs };

interface Numbers {
  predictions: Float32Array;
  loss: number;
  /** A weight's change in one step of gradient descent. */
  gradients: Float32Array[];
}

type Reference = Pick<Variant, "implementation" | "backend" | "threads">;

/**
 * What a variant is held against: stock layers on tfjs's cpu backend, which compute the same another way; of a GRU that
 * resets after the product, which they do not know, one thread of the fused layers.
 */
function referenceOf({ cell, implementation }: Variant): Reference {
  return cell === "gru" && implementation === "fused"
    ? { implementation: "fused", backend: "cpu", threads: 1 }
    : { implementation: "stock", backend: "cpu", threads: null };
}

/** Keeps what references and variants gave, for as long as one comparison is worked at in this process. */
export type KnownNumbers = Map<string, Promise<Numbers>>;

/** Runs a variant from the weights of its reference, once, and says how far its numbers are from it. */
export async function checkVariant(
  variant: Variant,
  on: CheckCase,
  known: KnownNumbers,
): Promise<Check> {
  const reference = referenceOf(variant);
  const { model, cell } = variant;
  const { problem, examples } = shortened(on);
  const once = (key: string, numbers: () => Promise<Numbers>): Promise<Numbers> => {
    const found = known.get(key) ?? numbers();
    known.set(key, found);
    // What threw may work the next time.
    found.catch(() => known.delete(key));
    return found;
  };
  const expected = await once(`reference ${model}/${cell}/${reference.implementation}`, () =>
    // Never by the builder that is on trial.
    numbersOf({ ...variant, ...reference }, problem, examples, buildModel),
  );
  // The heat of a variant and its runs from every seed ask for the same.
  const actual = await once(variantKey(variant), () =>
    numbersOf(variant, problem, examples, on.build),
  );
  return {
    against: `${reference.implementation} layers on ${reference.backend}`,
    predictions: relativeError(actual.predictions, expected.predictions),
    loss: relativeError([actual.loss], [expected.loss]),
    gradients: Math.max(
      ...expected.gradients.map((gradient, k) =>
        relativeError(actual.gradients[k] ?? [], gradient),
      ),
    ),
    allowed,
  };
}

/** What is wrong with the numbers that were checked, in a sentence; null when nothing is. */
export function wrongNumbers({
  against,
  predictions,
  loss,
  gradients,
  allowed,
}: Check): string | null {
  const faults = [
    ["predictions", predictions, allowed.outputs],
    ["the loss", loss, allowed.outputs],
    ["gradients", gradients, allowed.gradients],
  ] as const;
  const fault = faults.find(([, error, most]) => !(error <= most));
  if (!fault) return null;
  const [what, error, most] = fault;
  return `expected ${what} within ${most} of ${against}, got ${error.toPrecision(3)} off`;
}

async function numbersOf(
  variant: Variant,
  problem: Problem,
  examples: Examples,
  build: BuildModel,
): Promise<Numbers> {
  const weights = await initialWeights(variant, problem, SEED);
  await useVariant(variant);
  const model = build(variant, problem, SEED);
  const [x, y] = [toTensor(examples.x), toTensor(examples.y)];
  try {
    writeWeights(model, weights);
    const output = tf.tidy(() => model.predictOnBatch(x) as tf.Tensor);
    const predictions = Float32Array.from(await output.data());
    output.dispose();
    const before = await readWeights(model);
    const [loss] = [await model.trainOnBatch(x, y)].flat() as number[];
    const after = await readWeights(model);
    const gradients = after.map(({ values }, k) =>
      values.map((value, i) => value - (before[k]?.values[i] as number)),
    );
    return { predictions, loss: loss as number, gradients };
  } finally {
    model.dispose();
    tf.dispose([x, y]);
  }
}

/** The problem with few rows, and the last of many steps: padding stands in front. */
function shortened({ problem, examples }: CheckCase) {
  const steps = Math.min(STEPS, problem.steps);
  const rows = Math.min(ROWS, examples.x.shape[0] as number);
  const [x, y] = [examples.x, examples.y];
  const stepSize = x.shape.slice(2).reduce((size, n) => size * n, 1);
  const data = x.data.slice(0, rows * steps * stepSize);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * problem.steps * stepSize;
    data.set(x.data.subarray(end - steps * stepSize, end), row * steps * stepSize);
  }
  return {
    problem: { ...problem, steps, optimizer: "sgd" as const, learningRate: STEP },
    examples: {
      x: { data, shape: [rows, steps, ...x.shape.slice(2)] },
      y: {
        data: y.data.slice(0, rows * (y.data.length / (y.shape[0] as number))),
        shape: [rows, ...y.shape.slice(1)],
      },
    },
  };
}
