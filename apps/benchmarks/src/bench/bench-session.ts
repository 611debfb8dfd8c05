import { type BackendSelection, selectBackend } from "@rnnkit/backend-select";
import { getThreads, isEngineSupported, registerKernels, setThreads } from "@rnnkit/fused-rnn";
import { describeEnvironment } from "../environment.ts";
import { openOutputFile, writeWhole } from "../output.ts";
import { type Status, stringifyJson } from "../results.ts";
import { median } from "../statistics.ts";
import { formatSeconds } from "../terminal/format.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { printable } from "../terminal/printable.ts";
import type { Colors, Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { BENCH_SCHEMA_VERSION, type BenchEnvironment, type BenchResults } from "./bench-results.ts";
import { type BusyPeak, measureBusyPeak } from "./busy-peak.ts";
import { createPeakKernel, hasRelaxedSimd, kernelIsa, type PeakKernel } from "./peak.ts";

/** What a bench command's work is given. */
export interface Bench<Row> {
  colors: Colors;
  /** Aborted by Ctrl-C: stop after the current measurement. */
  signal: AbortSignal;
  /** With the instructions that the engine's kernels have. */
  peak: PeakKernel;
  /** Without fused multiply-add, whatever the kernels have: what goals in milliseconds are for. */
  plainPeak: PeakKernel;
  environment: BenchEnvironment;
  line(text?: string): void;
  /** Keeps a finished row. */
  record(row: Row): void;
}

export interface BenchOptions {
  command: string;
  terminal: Terminal;
  options: Record<string, unknown>;
  /** File for the results; none unless asked for. */
  json?: string;
  /** File for them as HTML; none unless asked for. */
  report?: string;
  /** Threads of the engine. Default: as many as it chooses. */
  threads?: number;
}

/**
 * Runs a bench command's **work** on tfjs's wasm backend: says what the machine is, listens to Ctrl-C,
 * and writes the rows, if a file is asked for, however the work ended. Resolves to the exit code: 0,
 * 130 when interrupted.
 *
 * @throws UsageError before any work when the file cannot be written; what the work throws
 */
export async function runBench<Row extends object>(
  { command, terminal, options, json, report, threads }: BenchOptions,
  work: (bench: Bench<Row>) => Promise<void>,
): Promise<number> {
  const file = json === undefined ? undefined : openOutputFile(json, "--json");
  const page = report === undefined ? undefined : openOutputFile(report, "--report");
  if (file !== undefined && file === page) {
    throw new UsageError(`--json, --report: expected two files, got ${file} for both`);
  }
  const { colors, out } = terminal;
  const line = (text = "") => {
    out.write(`${text}\n`);
  };
  const interruption = listenForInterruption(() =>
    line(colors.yellow("stopping after this measurement (Ctrl-C again: at once)")),
  );
  const threadsBefore = getThreads();
  try {
    const { signal } = interruption;
    const selection = await selectBackend({ require: "wasm" });
    registerKernels();
    if (threads !== undefined) setThreads(threads);
    const plainPeak = createPeakKernel("simd128");
    const peak = kernelIsa() === "simd128" ? plainPeak : createPeakKernel();
    const environment = await describeBenchEnvironment(selection, { peak, plainPeak });
    for (const text of environmentLines(environment)) line(text);

    const rows: Row[] = [];
    const started = new Date();
    const startedAt = performance.now();
    let failure: unknown = null;
    try {
      const record = (row: Row) => rows.push(row);
      await work({ colors, signal, peak, plainPeak, environment, line, record });
    } catch (error) {
      failure = error ?? new Error("unknown failure");
    }
    const status: Status = failure ? "failed" : signal.aborted ? "interrupted" : "complete";
    const message = failure instanceof Error ? failure.message : String(failure);
    const results: BenchResults<Row> = {
      schemaVersion: BENCH_SCHEMA_VERSION,
      command,
      status,
      error: failure ? printable(message) : null,
      startedAt: started.toISOString(),
      seconds: (performance.now() - startedAt) / 1000,
      options,
      environment,
      rows,
    };
    line();
    if (file !== undefined) {
      writeWhole(file, stringifyJson(results));
      line(`results  ${file}`);
    }
    if (page !== undefined) {
      const { renderBenchReport } = await import("../report/bench.ts");
      writeWhole(page, renderBenchReport(JSON.parse(stringifyJson(results)) as BenchResults));
      line(`report   ${page}`);
    }
    line(colors.dim(`${status}, ${formatSeconds(results.seconds)}`));
    if (failure) throw failure;
    return status === "interrupted" ? interruption.exitCode : 0;
  } finally {
    setThreads(threadsBefore);
    interruption.release();
  }
}

async function describeBenchEnvironment(
  selection: BackendSelection,
  { peak, plainPeak }: Pick<Bench<object>, "peak" | "plainPeak">,
): Promise<BenchEnvironment> {
  const threads = getThreads();
  const relaxed = hasRelaxedSimd();
  const settled = (kernel: PeakKernel) => median(Array.from({ length: 9 }, () => kernel.measure()));
  return {
    ...describeEnvironment(selection),
    simd: { simd128: isEngineSupported(), relaxed },
    threads,
    peakGflops: {
      simd128: settled(plainPeak),
      relaxed: relaxed ? settled(peak) : null,
    },
    peakOf: kernelIsa(),
    busyPeak: threads > 1 ? await measureBusyPeak(peak, threads) : null,
  };
}

function environmentLines(environment: BenchEnvironment): string[] {
  const { cpu, logicalCores, platform, node, backend, simd, threads, peakGflops } = environment;
  const { busyPeak, peakOf } = environment;
  const isa = !simd.simd128 ? "none" : simd.relaxed ? "SIMD128 and relaxed SIMD" : "SIMD128";
  const plain = peakGflops.simd128.toFixed(1);
  const [gflops, which] =
    peakOf === "simd128"
      ? [plain, "SIMD128"]
      : [peakGflops.relaxed?.toFixed(1), `fused multiply-add (without: ${plain})`];
  return [
    `machine  ${cpu}, ${logicalCores} logical cores, ${platform}`,
    `runtime  Node ${node}, tfjs backend ${backend.name}, ${isa}, ${threads} thread${threads === 1 ? "" : "s"} by default`,
    `peak     ${gflops} GFLOP/s a core: a matrix kernel, 2×16 tile, K 64, from L1, by ${which}`,
    ...(busyPeak ? [`         ${busyText(busyPeak)}`] : []),
  ];
}

function busyText({ threads, alone, together }: BusyPeak): string {
  const share = Math.round((100 * together) / alone);
  return `${together.toFixed(1)} GFLOP/s a core with ${threads} at work, ${share} % of one alone`;
}
