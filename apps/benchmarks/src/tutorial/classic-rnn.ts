import { setImmediate } from "node:timers/promises";
import {
  checkGradients,
  type Random,
  SimpleRNN,
  type SimpleRnnGradients,
  seededRandom,
} from "@rnnkit/core-rnn";
import type { ClassicRun } from "../results.ts";
import type { Session } from "../session.ts";
import { formatNumber, formatSeconds } from "../terminal/format.ts";
import { wrapped } from "../terminal/wrapped-text.ts";
import { listings } from "./listings.ts";

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

/** Sized so that what needs memory is learned too, in less than a second. */
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
 * Part I: the hidden states of the tutorial's network over the tutorial's input, then what its Python
 * leaves unfinished. The task needs memory: at each step say its first feature, and the second of the
 * step before.
 */
export async function classicRnn(options: ClassicOptions, session: Session): Promise<void> {
  const { epochs, sequences, learningRate, clipNorm, seed } = options;
  const { progress, signal, colors } = session;
  const sizes = { inputSize: FEATURES, hiddenSize: HIDDEN, outputSize: OUTPUTS };
  const rnn = new SimpleRNN({ ...sizes, stddev: 0.01, seed });
  // Not the stream that the weights are from.
  const random = seededRandom(seed + 1);
  const examples = () => Array.from({ length: sequences }, () => exampleFrom(random));

  const first = exampleFrom(random);
  // The tutorial keeps each state as a column.
  const statesShape = [...rnn.forward(first.inputs).hiddenStates.shape, 1];
  progress.line(`Shape of the hidden states: (${statesShape.join(", ")})`);

  const [known, unseen] = [examples(), examples()];
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
    data: { sequences, steps: STEPS, features: FEATURES },
    loss: { before: meanLoss(rnn, known), after: null, unseen: null },
  };
  session.record(run);

  progress.line();
  for (const line of wrapped(listings.I.mind)) progress.line(line);
  checkEveryGradient(rnn, first);
  progress.line("  Every gradient is that of central differences, to 1e-7.");
  progress.line(
    `  ${sequences} sequences: at each step say its first feature, and the second of the step before.`,
  );
  progress.line(`  before training  loss ${formatNumber(run.loss.before)}`);
  const startedAt = performance.now();
  for (let epoch = 1; epoch <= epochs && !signal.aborted; epoch++) {
    const epochAt = performance.now();
    let sum = 0;
    for (const example of known) {
      sum += backward(rnn, example).loss;
      rnn.step(learningRate, { clipNorm });
    }
    const loss = sum / sequences;
    const seconds = (performance.now() - epochAt) / 1000;
    const steps = { steps: sequences, plannedSteps: sequences };
    const unmeasured = { accuracy: null, validationLoss: null, validationAccuracy: null };
    run.epochs.push({ epoch, ...steps, seconds, loss, ...unmeasured });
    if (epoch % 10 === 0 || epoch === epochs) {
      progress.line(`  epoch ${epoch}/${epochs}  loss ${formatNumber(loss)}`);
    }
    await setImmediate();
  }
  run.timings.trainSeconds = (performance.now() - startedAt) / 1000;
  if (signal.aborted) return;
  run.loss.after = meanLoss(rnn, known);
  run.loss.unseen = meanLoss(rnn, unseen);
  run.status = "complete";
  progress.line(
    `  after training   loss ${colors.green(formatNumber(run.loss.after))}, on as many sequences that it never saw ` +
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

/** The mean squared error of one sequence and all its gradients, ready for a step. */
function backward(
  rnn: SimpleRNN,
  example: Example,
): { loss: number; gradients: SimpleRnnGradients } {
  const { errors, shape } = errorsOf(rnn, example);
  const data = errors.map((error) => (2 * error) / errors.length);
  return { loss: meanSquare(errors), gradients: rnn.backward({ data, shape }) };
}

function meanLoss(rnn: SimpleRNN, examples: readonly Example[]): number {
  const losses = examples.map((example) => meanSquare(errorsOf(rnn, example).errors));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function errorsOf(rnn: SimpleRNN, { inputs, targets }: Example) {
  const { data, shape } = rnn.forward(inputs).outputs;
  const wanted = targets.flat();
  return { errors: data.map((y, i) => y - (wanted[i] as number)), shape };
}

function meanSquare(errors: Float64Array): number {
  return errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
}

/** @throws Error where one is off by more than 1e-7 of itself. */
function checkEveryGradient(rnn: SimpleRNN, example: Example): void {
  const { dWxh, dWhh, dWhy, dbh, dby } = backward(rnn, example).gradients;
  const gradients = { Wxh: dWxh, Whh: dWhh, Why: dWhy, bh: dbh, by: dby };
  checkGradients(() => meanLoss(rnn, [example]), { ...rnn.weights }, gradients);
}
