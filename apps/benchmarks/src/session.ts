import { type BackendName, describeBackend, selectBackend } from "@rnnkit/backend-select";
import { getThreads, registerKernels } from "@rnnkit/fused-rnn";
import { describeEnvironment } from "./environment.ts";
import { openOutputFolder } from "./output.ts";
import { writeResults } from "./result-files.ts";
import { type Results, type Run, SCHEMA_VERSION, type Status } from "./results.ts";
import { formatSeconds } from "./terminal/format.ts";
import { listenForInterruption } from "./terminal/interruption.ts";
import { printable } from "./terminal/printable.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";
import type { Colors, Terminal } from "./terminal/terminal.ts";

/** What a command's work is given: where to speak, when to stop, where to keep what it measured. */
export interface Session {
  progress: Progress;
  colors: Colors;
  /** Aborted by Ctrl-C: stop after the current batch. */
  signal: AbortSignal;
  /** Keeps a run; it may still be filled in, whatever it holds at the end is written. */
  record(run: Run): void;
}

export interface SessionOptions {
  command: string;
  /** Name of the two files, without extension. */
  name: string;
  out: string;
  /** Undefined: the first that works. */
  backend?: BackendName;
  terminal: Terminal;
}

/**
 * Runs **work** between what every command needs: the output folder is tried, the backend chosen
 * and named, Ctrl-C listened to, and whatever was measured is written as JSON and HTML however the
 * work ended. Resolves to the exit code: 0, 130 when interrupted by Ctrl-C, 143 by SIGTERM.
 *
 * @throws UsageError before any work when the output folder cannot be used
 */
export async function runSession(
  options: SessionOptions,
  work: (session: Session) => Promise<void>,
): Promise<number> {
  const { command, name, terminal } = options;
  const { colors } = terminal;
  const folder = openOutputFolder(options.out);
  const progress = createProgress(terminal);
  const interruption = listenForInterruption(() => {
    progress.stop();
    progress.line(colors.yellow("stopping after this batch (Ctrl-C again: at once)"));
  });
  try {
    const selection = await selectBackend(options.backend ? { require: options.backend } : {});
    registerKernels();
    const threads = getThreads();
    progress.line(
      `backend: ${describeBackend(selection)}; recurrent layers on ${threads} thread${threads === 1 ? "" : "s"}`,
    );

    const runs: Run[] = [];
    const started = new Date();
    const startedAt = performance.now();
    const { signal } = interruption;
    let failure: unknown = null;
    try {
      await work({ progress, colors, signal, record: (run) => runs.push(run) });
    } catch (error) {
      // An aborted download or read is the interruption, not a failure.
      if (!signal.aborted) failure = error ?? new Error("unknown failure");
    } finally {
      progress.stop();
    }
    const status: Status = failure ? "failed" : signal.aborted ? "interrupted" : "complete";
    const message = failure instanceof Error ? failure.message : String(failure);
    const results: Results = {
      schemaVersion: SCHEMA_VERSION,
      command,
      status,
      error: failure ? printable(message) : null,
      startedAt: started.toISOString(),
      seconds: (performance.now() - startedAt) / 1000,
      environment: describeEnvironment(selection),
      runs: runs.map((run) => (run.status === "complete" ? run : { ...run, status })),
    };
    if (runs.some((run) => run.epochs.length > 0)) {
      const files = writeResults(folder, name, results);
      progress.line();
      progress.line(`results  ${files.json}`);
      progress.line(`report   ${colors.bold(files.html)}  (${formatSeconds(results.seconds)})`);
    } else if (status === "interrupted") {
      progress.line("interrupted before anything was measured; nothing written");
    }
    if (failure) throw failure;
    return status === "interrupted" ? interruption.exitCode : 0;
  } finally {
    interruption.release();
  }
}
