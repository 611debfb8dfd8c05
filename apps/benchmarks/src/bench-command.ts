import process from "node:process";
import { getThreads } from "@rnnkit/fused-rnn";
import { Command, Option } from "commander";
import { type Bench, runBench } from "./bench/bench-session.ts";
import { benchKernels, kernelCases } from "./bench/kernels-bench.ts";
import { peerSystems } from "./bench/peer.ts";
import { benchPeers, peerModels } from "./bench/peers-bench.ts";
import { benchProgress } from "./bench/progress-bench.ts";
import { parseShape, recurrentOps, type Shape } from "./bench/recurrent-ops.ts";
import { benchScaling } from "./bench/scaling-bench.ts";
import { benchStep, modelNames, type Side } from "./bench/step-bench.ts";
import { benchStream } from "./bench/stream-bench.ts";
import {
  DEFAULT_SEED,
  listOf,
  positiveNumber,
  seedNumber,
  shareNumber,
  wholeNumber,
  wholeNumbers,
} from "./option-types.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

interface BenchCommonOptions {
  seed: number;
  json?: string;
}

interface KernelArgs extends BenchCommonOptions {
  filter: string;
  shape?: Shape[];
  threads?: number[];
  seconds: number;
}

interface StepArgs extends BenchCommonOptions {
  models: string[];
  repeats: number;
  seconds: number;
  padding: number;
  /** False with `--no-stock`. */
  stock?: boolean;
}

const MOST_THREADS = 256;

/** `bench`: how fast the kernels and the models are, each checked first and then timed. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: a list of commands with their options.
export function benchCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const bench = new Command("bench")
    .summary("time kernels, training steps, scaling and streaming")
    .description(
      "Checks the fused kernels against the reference, then times them (tfjs wasm backend).",
    )
    .allowExcessArguments()
    .action((_, { args }: Command) => {
      const names = bench.commands.map((command) => command.name()).join(", ");
      throw new UsageError(`bench: expected a command (${names}), got ${args[0] ?? "none"}`);
    });

  /** Adds a subcommand with the options that all have; **work** is run inside `runBench`. */
  const add = <Options extends BenchCommonOptions, Row extends object>(
    command: Command,
    work: (options: Options, session: Bench<Row>) => Promise<void>,
    check: (options: Options) => void = () => {},
  ) => {
    command
      .option("--seed <n>", "decides inputs and weights", seedNumber, DEFAULT_SEED)
      .option("--json <file>", "write the results there")
      .action(async (options: Options) => {
        check(options);
        const { json, ...asked } = options;
        // `kernels` has a list of thread counts and sets each itself.
        const { threads } = asked as { threads?: number | number[] };
        const name = `bench ${command.name()}`;
        done(
          await runBench<Row>(
            {
              command: name,
              terminal,
              options: asked,
              json,
              threads: Array.isArray(threads) ? undefined : threads,
            },
            (session) => work(options, session),
          ),
        );
      });
    bench.addCommand(command);
  };
  const withThreads = (command: Command) =>
    command.option(
      "--threads <n>",
      "of the engine (default: physical cores)",
      wholeNumber(1, MOST_THREADS),
    );
  const withSeconds = (command: Command, what: string, seconds: number) =>
    command.option("--seconds <x>", `time for each ${what}`, positiveNumber(3600), seconds);

  add(
    withSeconds(
      new Command("kernels")
        .summary("each fused operation and pass: ms, GFLOP/s, share of peak")
        .option(
          "--filter <words>",
          "operation, shape, pass: such as lstm or imdb or 'gru big train'",
          "",
        )
        .option(
          "--shape <BxTxIxH>",
          "such as 32x500x32x32, with dx, instead of the usual three; may be repeated",
          (text: string, before: Shape[] = []) => [...before, parseShape(text)],
        )
        .option(
          "--threads <list>",
          "thread counts, each timed (default: 1 and physical cores)",
          wholeNumbers(1, MOST_THREADS),
        ),
      "operation, shape and thread count",
      1,
    ),
    ({ shape: shapes, threads = usualThreads(), ...options }: KernelArgs, session) =>
      benchKernels({ ...options, shapes, threads }, session),
    ({ filter, shape: shapes }: KernelArgs) => void kernelCases({ filter, shapes }),
  );
  for (const [name, sides, summary] of [
    ["step", ["fused", "stock"], "training steps and predictions, fused against stock tfjs-layers"],
    ["stock", ["stock"], "the same of stock tfjs-layers alone"],
  ] as [string, Side[], string][]) {
    const command = new Command(name)
      .summary(summary)
      .option("--models <list>", `all, or some of ${modelNames.join(",")}`, listOf(modelNames), [
        ...modelNames,
      ])
      .option("--repeats <n>", "rounds for each model, at least", wholeNumber(1), 2)
      .option(
        "--padding <share>",
        "of the IMDB models' words that is padding in front; of the reviews 0.55",
        shareNumber,
        0,
      );
    if (name === "step") command.addOption(new Option("--no-stock", "time the fused side alone"));
    add(
      withThreads(withSeconds(command, "model", 3)),
      (options: StepArgs, session: Parameters<typeof benchStep>[1]) =>
        benchStep({ ...options, sides: options.stock === false ? ["fused"] : sides }, session),
    );
  }
  const ops = recurrentOps.map((op) => op.name);
  add(
    withThreads(
      withSeconds(new Command("scaling"), "row", 0.5)
        .summary("time and memory of a training step over T, B and H")
        .addOption(new Option("--op <name>", "operation").choices(ops).default("lstm")),
    ),
    benchScaling,
  );
  add(
    withThreads(
      new Command("stream")
        .summary("latency of one step at batch 1, p50 and p99")
        .option("--units <n>", "H", wholeNumber(1, 4096), 64)
        .option("--inputs <n>", "I", wholeNumber(1, 4096), 64)
        .option("--steps <n>", "steps that are timed", wholeNumber(1), 20_000),
    ),
    benchStream,
  );
  add(
    withThreads(
      new Command("peers")
        .summary("the tutorial's models here, in Keras and in PyTorch")
        .option(
          "--python <file>",
          "a Python that has them (default: RNNKIT_KERAS_PYTHON, or python3)",
          process.env.RNNKIT_KERAS_PYTHON || "python3",
        )
        .option(
          "--systems <list>",
          `all, or some of ${peerSystems.join(",")}`,
          listOf(peerSystems),
          [...peerSystems],
        )
        .option("--models <list>", `all, or some of ${peerModels.join(",")}`, listOf(peerModels), [
          ...peerModels,
        ])
        .option("--rounds <n>", "rounds of ten steps for each model", wholeNumber(1), 10),
    ),
    benchPeers,
  );
  add(
    withThreads(
      new Command("progress")
        .summary("what the progress display costs a training step of the IMDB LSTM")
        .option("--rounds <n>", "short trainings of each kind", wholeNumber(1), 10),
    ),
    benchProgress,
  );
  return bench;
}

function usualThreads(): number[] {
  return [...new Set([1, getThreads()])];
}
