import { setImmediate } from "node:timers/promises";
import { checkGradients, type Random, SimpleRNN, seededRandom } from "@rnnkit/core-rnn";
import { formatNumber, formatSeconds } from "../format.ts";
import type { ClassicRun, Epoch } from "../results.ts";
import type { Session } from "../session.ts";

export interface ClassicOptions {
  epochs: number;
  /** Sequences to learn from, and as many that are only judged. */
  sequences: number;
  /** Step size of gradient descent, one step a sequence. */
  learningRate: number;
  /** Limit of the gradients' norm. */
  clipNorm: number;
  seed: number;
}

/** Sized so that the memory is learned with every seed that was tried; well under a second. */
export const classicDefaults: ClassicOptions = {
  epochs: 50,
  sequences: 100,
  learningRate: 0.1,
  clipNorm: 1,
  seed: 42,
};

const [STEPS, FEATURES, HIDDEN, OUTPUTS] = [5, 3, 4, 2];

/** A sequence [T, I] and what is to be said at each of its steps, [T, O]. */
interface Example {
  inputs: number[][];
  targets: number[][];
}

/**
 * Part I: the states of the tutorial's network over the tutorial's input, then what its Python leaves
 * unfinished. The task needs memory: at each step say its first feature, and the second of the step
 * before.
 */
export async function classicRnn(options: ClassicOptions, session: Session): Promise<void> {
  const { epochs, sequences, learningRate, clipNorm, seed } = options;
  const { progress, signal, colors } = session;
  const random = seededRandom(seed);
  const rnn = new SimpleRNN({
    inputSize: FEATURES,
    hiddenSize: HIDDEN,
    outputSize: OUTPUTS,
    seed,
  });
  for (const name of ["Wxh", "Whh", "Why"] as const) {
    rnn.weights[name].forEach((_, i, weights) => {
      weights[i] = 0.01 * random.normal();
    });
  }

  const first = exampleFrom(random);
  const { hiddenStates } = rnn.forward(first.inputs);
  // The tutorial keeps each state as a column.
  const statesShape = [...hiddenStates.shape, 1];
  progress.line(`Shape of the hidden states: (${statesShape.join(", ")})`);

  const known = Array.from({ length: sequences }, () => exampleFrom(random));
  const unseen = Array.from({ length: sequences }, () => exampleFrom(random));
  const run: ClassicRun = {
    kind: "classic",
    status: "interrupted",
    listing: "I",
    model: {
      builder: "SimpleRNN",
      layers: [`SimpleRNN(${HIDDEN})`, `Dense(${OUTPUTS})`],
      parameters: Object.values(rnn.weights).reduce((sum, { length }) => sum + length, 0),
      loss: "mean squared error",
      optimizer: "gradient descent",
    },
    options: { ...options },
    epochs: [],
    timings: { trainSeconds: 0, evaluateSeconds: 0 },
    statesShape,
    gradientError: gradientError(rnn, first),
    data: { sequences, steps: STEPS, features: FEATURES },
    loss: { before: meanLoss(rnn, known), after: null, unseen: null },
  };
  session.record(run);
  progress.line();
  progress.line(
    `  every gradient beside central differences: off by ${formatNumber(run.gradientError, 2)} at most`,
  );
  progress.line(
    `  it learns: say each step's first feature, and the second of the step before; ${sequences} sequences`,
  );
  progress.line(`  before training  loss ${formatNumber(run.loss.before)}`);

  const startedAt = performance.now();
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    const epochAt = performance.now();
    let sum = 0;
    for (const example of known) {
      sum += backward(rnn, example);
      rnn.step(learningRate, { clipNorm });
    }
    const done: Epoch = {
      epoch,
      steps: sequences,
      plannedSteps: sequences,
      seconds: (performance.now() - epochAt) / 1000,
      loss: sum / sequences,
      accuracy: null,
      validationLoss: null,
      validationAccuracy: null,
    };
    run.epochs.push(done);
    if (epoch % 10 === 0 || epoch === epochs) {
      progress.line(`  epoch ${epoch}/${epochs}  loss ${formatNumber(done.loss)}`);
    }
    await setImmediate();
  }
  run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
  if (signal.aborted) return;
  run.loss.after = meanLoss(rnn, known);
  run.loss.unseen = meanLoss(rnn, unseen);
  run.status = "complete";
  progress.line(
    `  after training   loss ${colors.green(formatNumber(run.loss.after))}, on ${sequences} sequences that it never saw ` +
      `${colors.green(formatNumber(run.loss.unseen))}  ${colors.dim(formatSeconds(run.timings.trainSeconds))}`,
  );
}

function exampleFrom(random: Random): Example {
  const inputs = Array.from({ length: STEPS }, () =>
    Array.from({ length: FEATURES }, () => random.normal()),
  );
  const targets = inputs.map(([now = 0], t) => [now, inputs[t - 1]?.[1] ?? 0]);
  return { inputs, targets };
}

/** The mean squared error of one sequence; its gradients are then ready for a step. */
function backward(rnn: SimpleRNN, { inputs, targets }: Example): number {
  const { outputs } = rnn.forward(inputs);
  const wanted = targets.flat();
  const errors = outputs.data.map((y, i) => y - (wanted[i] as number));
  rnn.backward({ data: errors.map((error) => (2 * error) / errors.length), shape: outputs.shape });
  return meanSquare(errors);
}

function meanLoss(rnn: SimpleRNN, examples: readonly Example[]): number {
  const losses = examples.map(({ inputs, targets }) => {
    const wanted = targets.flat();
    return meanSquare(rnn.forward(inputs).outputs.data.map((y, i) => y - (wanted[i] as number)));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function meanSquare(errors: Float64Array): number {
  return errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
}

function gradientError(rnn: SimpleRNN, example: Example): number {
  const { outputs } = rnn.forward(example.inputs);
  const wanted = example.targets.flat();
  const dOutputs = outputs.data.map((y, i) => (2 * (y - (wanted[i] as number))) / wanted.length);
  const { dWxh, dWhh, dWhy, dbh, dby } = rnn.backward({ ...outputs, data: dOutputs });
  const gradients = { Wxh: dWxh, Whh: dWhh, Why: dWhy, bh: dbh, by: dby };
  const loss = () => meanLoss(rnn, [example]);
  return checkGradients(loss, { ...rnn.weights }, gradients).worstError;
}
