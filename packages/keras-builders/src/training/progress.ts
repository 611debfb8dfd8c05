import { checkOptions, shown } from "@rnnkit/core-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { Callback, type Logs } from "@tensorflow/tfjs-layers";
import { progressLine } from "./progress-line.ts";
import type { TrainingProgress } from "./training-progress.ts";

/** What `progress` takes. */
export interface ProgressOptions {
  /** Draws the state, in a page for example; a promise is waited for. Default: prints Keras's line. */
  draw?: (state: TrainingProgress) => void | Promise<void>;
  /** Milliseconds between two drawings, but for the ends of epochs. Default 50, as Keras; 0 draws each step. */
  interval?: number;
}

/**
 * A callback that shows how a training goes, where tfjs-layers' `verbose: 1` shows nothing: epoch, steps, time
 * to the end, losses and metrics as running means over the epoch, printed as Keras prints them. Away from a terminal
 * one line an epoch is printed. With **draw** nothing is printed: the function is handed each state.
 * For `fit` and `fitDataset` of any tfjs-layers model. After each drawing timers and clicks get their turn.
 *
 *     running mean = Σ value of batch · examples in batch / Σ examples
 *
 * @throws for options that are not known, a **draw** that is no function, an **interval** below 0.
 * @example
 * await model.fit(x, y, { epochs: 3, callbacks: [progress()] });
 * const callbacks = [progress({ draw: ({ step, steps }) => { bar.value = step / steps; } })];
 */
export function progress(options: ProgressOptions = {}): Callback {
  checkOptions("progress", options, ["draw", "interval"], "{ draw: (state) => ... }");
  const { draw = printing(), interval = 50 } = options;
  if (typeof draw !== "function") {
    throw new Error(`progress: expected draw to be a function, got ${shown(draw)}`);
  }
  if (!(typeof interval === "number" && interval >= 0)) {
    throw new Error(
      `progress: expected interval to be 0 or more milliseconds, got ${shown(interval)}`,
    );
  }
  return new ProgressCallback(draw, interval);
}

/** What {@link progress} makes. */
export class ProgressCallback extends Callback {
  readonly #draw: NonNullable<ProgressOptions["draw"]>;
  readonly #interval: number;
  #epoch = 0;
  #step = 0;
  /** Of the last whole epoch. */
  #stepsBefore: number | null = null;
  #epochStart = 0;
  #firstStepEnd = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #examples = 0;
  #sums = new Map<string, number>();

  constructor(draw: NonNullable<ProgressOptions["draw"]>, interval: number) {
    super();
    this.#draw = draw;
    this.#interval = interval;
  }

  override async onTrainBegin(): Promise<void> {
    this.#stepsBefore = null;
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.#epoch = epoch + 1;
    this.#step = 0;
    this.#examples = 0;
    this.#sums.clear();
    this.#epochStart = performance.now();
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  override async onBatchEnd(_batch: number, logs: Logs = {}): Promise<void> {
    const { size = 1, batch: _, ...values } = await numbersOf(logs);
    this.#examples += size;
    for (const [name, value] of Object.entries(values)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value * size);
    }
    this.#step++;
    const now = performance.now();
    if (this.#step === 1) this.#firstStepEnd = now;
    if (now - this.#drawnAt < this.#interval) return;
    const means = [...this.#sums].map(([name, sum]) => [name, sum / this.#examples]);
    await this.#show(Object.fromEntries(means), false);
  }

  override async onEpochEnd(_epoch: number, logs: Logs = {}): Promise<void> {
    const isCut = this.#step < (this.#steps() ?? 0);
    if (!isCut) this.#stepsBefore = this.#step;
    await this.#show(await numbersOf(logs), true);
  }

  #steps(): number | null {
    const { samples, batchSize, steps } = this.params as Record<string, number | null>;
    if (typeof steps === "number" && Number.isFinite(steps)) return steps;
    if (samples && batchSize) return Math.ceil(samples / batchSize);
    return this.#stepsBefore;
  }

  async #show(values: Record<string, number>, isEpochEnd: boolean): Promise<void> {
    const now = performance.now();
    const [step, steps] = [this.#step, this.#steps()];
    const epochs = Number((this.params as Record<string, number | null>).epochs ?? this.#epoch);
    const seconds = (now - this.#epochStart) / 1000;
    const after = (this.#firstStepEnd - this.#epochStart) / 1000;
    const secondsPerStep = step > 1 ? (seconds - after) / (step - 1) : seconds / Math.max(1, step);
    const secondsLeft = isEpochEnd ? 0 : steps === null ? null : secondsPerStep * (steps - step);
    const others = steps === null ? null : secondsPerStep * steps * (epochs - this.#epoch);
    await this.#draw({
      ...{ epoch: this.#epoch, epochs, step, steps, seconds, secondsPerStep, secondsLeft },
      secondsToEnd: secondsLeft === null || others === null ? null : secondsLeft + others,
      values,
      isEpochEnd,
    });
    await turnOfOthers();
    this.#drawnAt = performance.now();
  }
}

/** The numbers among logs, those on the device read. */
async function numbersOf(logs: Logs): Promise<Record<string, number>> {
  const entries = Object.entries(logs as Record<string, number | Tensor>);
  const read = entries.map(async ([name, value]) => {
    return [name, typeof value === "number" ? value : Number((await value.data())[0])] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** Lets timers, signals and the page's drawing in; not an animation frame, which a hidden page never gets. */
function turnOfOthers(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) return void setImmediate(() => resolve());
    if (typeof MessageChannel === "undefined") return void setTimeout(resolve, 0);
    // Timers that start one another wait for 4 ms in a page, twice as long as the step of a small model.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Prints on a terminal one line an epoch, drawn again and again; elsewhere the whole epochs alone. */
function printing(): (state: TrainingProgress) => void {
  const out = (globalThis as { process?: { stdout?: Output } }).process?.stdout;
  let drawn = 0;
  return (state) => {
    const line = progressLine(state);
    const title = `Epoch ${state.epoch}/${state.epochs}`;
    if (!out?.isTTY) {
      if (!state.isEpochEnd) return;
      if (out) out.write(`${title}\n${line}\n`);
      else console.log(`${title}\n${line}`);
      return;
    }
    // A line that wraps could not be drawn over.
    const shownLine = state.isEpochEnd ? line : line.slice(0, (out.columns ?? 80) - 1);
    const start = state.step === 1 && drawn === 0 ? `${title}\n` : "";
    out.write(`${start}\r${shownLine.padEnd(drawn)}${state.isEpochEnd ? "\n" : ""}`);
    drawn = state.isEpochEnd ? 0 : shownLine.length;
  };
}
