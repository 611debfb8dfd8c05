import process from "node:process";
import { getThreads } from "@rnnkit/fused-rnn";
import { Command, Option } from "commander";
import { type Bench, runBench } from "../bench/bench-session.ts";
import { benchFit } from "../bench/fit-bench.ts";
import { benchGpu, gpuCells, gpuModels } from "../bench/gpu-bench.ts";
import { benchGpuPeers } from "../bench/gpu-peers.ts";
import { benchKernels, kernelCases } from "../bench/kernels-bench.ts";
import { benchPage, checkBrowser, type PageOptions } from "../bench/page-bench.ts";
import { fitSystems, peerSystems } from "../bench/peer.ts";
import { benchPeers, type PeersOptions } from "../bench/peers-bench.ts";
import type { PeerRow } from "../bench/peers-table.ts";
import { benchProgress } from "../bench/progress-bench.ts";
import { parseShape, recurrentOps, type Shape } from "../bench/recurrent-ops.ts";
import { benchScaling } from "../bench/scaling-bench.ts";
import { benchStart } from "../bench/start-bench.ts";
import { benchStep, modelNames, type Side } from "../bench/step-bench.ts";
import type { StepRow } from "../bench/step-table.ts";
import { benchStream } from "../bench/stream-bench.ts";
import { benchTimeline } from "../bench/timeline-bench.ts";
import {
  DEFAULT_SEED,
  eachOf,
  listOf,
  positiveNumber,
  seedNumber,
  shareNumber,
  wholeNumber,
  wholeNumbers,
} from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { checkoutsCommand } from "./checkouts-command.ts";

interface BenchCommonOptions {
  seed: number;
  json?: string;
  /** Of those that have pictures. */
  report?: string;
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
export function benchCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const bench = new Command("bench")
    .description(
      "Checks the fused kernels against the reference, then times them (tfjs wasm backend).",
    )
    .allowExcessArguments()
    .action((_, { args }: Command) => {
      const names = bench.commands.map((command) => command.name()).join(", ");
      throw new UsageError(`bench: expected a command (${names}), got ${args[0] ?? "none"}`);
    });
  const session = { terminal, done };
  bench.addCommand(
    timed(
      session,
      kernelsCommand(),
      ({ shape: shapes, threads = usualThreads(), ...options }: KernelArgs, run) =>
        benchKernels({ ...options, shapes, threads }, run),
      ({ filter, shape: shapes }: KernelArgs) => void kernelCases({ filter, shapes }),
    ),
  );
  const sidesOf = { step: ["fused", "stock"], stock: ["stock"] } as const;
  for (const name of ["step", "stock"] as const) {
    bench.addCommand(
      timed(session, stepCommand(name), (options: StepArgs, run: Bench<StepRow>) => {
        const sides: Side[] = options.stock === false ? ["fused"] : [...sidesOf[name]];
        return benchStep({ ...options, sides }, run);
      }),
    );
  }
  bench.addCommand(timed(session, scalingCommand(), benchScaling));
  bench.addCommand(timed(session, timelineCommand(), benchTimeline));
  bench.addCommand(timed(session, streamCommand(), benchStream));
  bench.addCommand(
    timed(
      session,
      peersCommand(),
      (options: PeersOptions, run: Bench<PeerRow>) =>
        options.gpu ? benchGpuPeers(options, run) : benchPeers(options, run),
      ({ gpu, device }: PeersOptions) => {
        if (!device || gpu) return;
        throw new UsageError(`--device: expected --gpu beside it, got ${device} alone`);
      },
    ),
  );
  bench.addCommand(timed(session, fitCommand(), benchFit));
  bench.addCommand(timed(session, gpuCommand(), benchGpu));
  bench.addCommand(timed(session, progressCommand(), benchProgress));
  bench.addCommand(
    timed(session, pageCommand(), benchPage, ({ chromium }: PageOptions) => checkBrowser(chromium)),
  );
  bench.addCommand(timed(session, startCommand(), benchStart));
  bench.addCommand(checkoutsCommand(terminal, done));
  return bench;
}

/** Gives a command the options that all have; **work** is run inside `runBench`. */
function timed<Options extends BenchCommonOptions, Row extends object>(
  { terminal, done }: { terminal: Terminal; done: (exitCode: number) => void },
  command: Command,
  work: (options: Options, session: Bench<Row>) => Promise<void>,
  check: (options: Options) => void = () => {},
): Command {
  return command
    .option("--seed <n>", "decides inputs and weights", seedNumber, DEFAULT_SEED)
    .option("--json <file>", "write the results there")
    .action(async (options: Options) => {
      check(options);
      const { json, report, ...asked } = options;
      // `kernels` has a list of thread counts and sets each itself.
      const { threads: given } = asked as { threads?: number | number[] };
      const threads = Array.isArray(given) ? undefined : given;
      const name = `bench ${command.name()}`;
      done(
        await runBench<Row>(
          { command: name, terminal, options: asked, json, report, threads },
          (session) => work(options, session),
        ),
      );
    });
}

function withThreads(command: Command): Command {
  return command.option(
    "--threads <n>",
    "of the engine (default: physical cores)",
    wholeNumber(1, MOST_THREADS),
  );
}

function withSeconds(command: Command, what: string, seconds: number): Command {
  return command.option("--seconds <x>", `time for each ${what}`, positiveNumber(3600), seconds);
}

function kernelsCommand(): Command {
  const command = new Command("kernels")
    .summary("each fused operation and pass: ms, GFLOP/s, share of peak")
    .option(
      "--filter <words>",
      "operation, shape, pass: such as lstm or imdb or 'gru big train'",
      "",
    )
    .option(
      "--shape <BxTxIxH>",
      "such as 32x500x32x32, with dx, instead of the usual three; may be repeated",
      eachOf(parseShape),
    )
    .option(
      "--threads <list>",
      "thread counts, each timed (default: 1 and physical cores)",
      wholeNumbers(1, MOST_THREADS),
    );
  return withSeconds(command, "operation, shape and thread count", 1);
}

function stepCommand(name: "step" | "stock"): Command {
  const command = new Command(name)
    .summary(
      name === "step"
        ? "training steps and predictions, fused against stock tfjs-layers"
        : "the same of stock tfjs-layers alone",
    )
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
  return withThreads(withSeconds(command, "model", 3));
}

function scalingCommand(): Command {
  const ops = recurrentOps.map((op) => op.name);
  const command = withSeconds(new Command("scaling"), "row", 0.5)
    .summary("time and memory of a training step over T, B and H")
    .addOption(new Option("--op <name>", "operation").choices(ops).default("lstm"));
  return withThreads(withReport(command));
}

function timelineCommand(): Command {
  const command = new Command("timeline")
    .summary("where the time of one training step goes, layer by layer")
    .addOption(new Option("--model <name>", "model").choices(modelNames).default("imdb_lstm"));
  return withThreads(withReport(withSeconds(command, "model", 2)));
}

function withReport(command: Command): Command {
  return command.option("--report <file>", "draw the results there, as HTML");
}

function streamCommand(): Command {
  const command = new Command("stream")
    .summary("latency of one step at batch 1, p50 and p99")
    .option("--units <n>", "H", wholeNumber(1, 4096), 64)
    .option("--inputs <n>", "I", wholeNumber(1, 4096), 64)
    .option("--steps <n>", "steps that are timed", wholeNumber(1), 20_000);
  return withThreads(command);
}

function peersCommand(): Command {
  const command = withSystems(new Command("peers"), peerSystems)
    .summary("the tutorial's models here, in Keras, PyTorch and ONNX Runtime")
    .option("--rounds <n>", "rounds of ten steps for each model", wholeNumber(1), 10)
    .option("--batch <n>", "examples of a step", wholeNumber(1), 32)
    .option("--gpu", "WebGPU here, cuDNN by PyTorch and JAX on a GPU, and a layer of 512 units")
    .addOption(
      new Option("--device <name>", "with --gpu: where the others compute (default: gpu)").choices([
        ...["gpu", "cpu"],
      ]),
    );
  return withThreads(command);
}

function fitCommand(): Command {
  const command = withSystems(new Command("fit"), fitSystems)
    .summary("fit beside Keras's fit, first and steady epochs, and whole scripts")
    .option("--epochs <n>", "of a fit", wholeNumber(2), 20)
    .option("--steps <n>", "of an epoch", wholeNumber(1), 25)
    .option("--repeats <n>", "fits of each model, in fresh processes", wholeNumber(1), 1)
    .option("--scripts <n>", "whole scripts of each model and system; 0: none", wholeNumber(0), 3);
  return withThreads(command);
}

/** Other systems, and the models that they are compared on. */
function withSystems(command: Command, systems: readonly string[]): Command {
  return command
    .option(
      "--python <file>",
      "a Python that has them (default: RNNKIT_KERAS_PYTHON, or python3)",
      process.env.RNNKIT_KERAS_PYTHON || "python3",
    )
    .option("--systems <list>", `all, or some of ${systems.join(",")}`, listOf(systems), [
      ...systems,
    ])
    .option("--models <list>", `all, or some of ${modelNames.join(",")}`, listOf(modelNames), [
      ...modelNames,
    ]);
}

function gpuCommand(): Command {
  const command = new Command("gpu")
    .summary("layers and models on WebGPU: the adapter, times, share of its own matrix peak")
    .option(
      "--quick",
      "few small sizes and no models of stock layers: minutes on a software adapter",
    )
    .option("--tune", "measure first up to how many units all steps go in one dispatch")
    .option("--cells <list>", `all, or some of ${gpuCells.join(",")}`, listOf(gpuCells), [
      ...gpuCells,
    ])
    .option(
      "--shape <BxTxIxH>",
      "such as 128x100x512x512 instead of the usual 36; may be repeated",
      eachOf(parseShape),
    )
    .option(
      "--models <list>",
      `all, or some of ${modelNames.join(",")} (default: ${gpuModels.join(",")})`,
      listOf(modelNames),
    )
    .addOption(new Option("--no-stock", "without tfjs-layers' own layers"));
  return withThreads(withSeconds(command, "layer and model", 1));
}

function progressCommand(): Command {
  const command = new Command("progress")
    .summary("what the progress display costs a training step of the IMDB LSTM")
    .option("--rounds <n>", "short trainings of each kind", wholeNumber(1), 10);
  return withThreads(command);
}

function pageCommand(): Command {
  const command = new Command("page")
    .summary("a model in a page and in a worker of a real Chromium, tfjs on threads or not")
    .option(
      "--chromium <file>",
      "the browser (default: RNNKIT_CHROMIUM, or /usr/bin/chromium)",
      process.env.RNNKIT_CHROMIUM || "/usr/bin/chromium",
    )
    .addOption(new Option("--model <name>", "model").choices(modelNames).default("imdb_lstm"))
    .option("--rounds <n>", "rounds of five steps and five predictions", wholeNumber(1), 10);
  return withThreads(command);
}

function usualThreads(): number[] {
  return [...new Set([1, getThreads()])];
}

function startCommand(): Command {
  return new Command("start")
    .summary("what imports take, and the first training step of a process")
    .option("--rounds <n>", "fresh processes of each kind", wholeNumber(1), 15);
}
