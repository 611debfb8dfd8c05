import { join } from "node:path";
import { openOutputFolder } from "../output.ts";
import { formatSeconds } from "../terminal/format.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import { createProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { codeName, describeCode } from "./code.ts";
import { hold } from "./hold.ts";
import { type Job, jobsAsked, jobsBeside, missingJobs } from "./plan.ts";
import { comparisonName, openComparison, refuseOther, save, writeHeld } from "./record.ts";
import { renderComparisons } from "./report.ts";
import type { Axes, Code, Settings } from "./schema.ts";
import { type Results, resultsInto } from "./sweep.ts";
import { comparisonTable } from "./table.ts";
import { loadTask, type TaskRequest } from "./task.ts";

/** What is asked for, all of it checked. */
export interface CompareOptions {
  request: TaskRequest;
  settings: Settings;
  axes: Axes;
  imdbPath?: string;
  /** Folder of the JSON and the report. */
  out: string;
  /** Begin the file anew. */
  fresh: boolean;
  /** Do again what was not measured. */
  retry: boolean;
  terminal: Terminal;
}

/** What a sweep elsewhere is told besides its jobs. */
export interface Sweep {
  /** The same as long as the file is gone on with: when it was begun. */
  id: string;
  code: Code;
  request: TaskRequest;
  /** Digest of the examples that the request must give. */
  examples: string;
  settings: Settings;
}

/** Has jobs done elsewhere; resolves when all results were taken, or the signal is aborted. */
export interface Elsewhere {
  perform(
    sweep: Sweep,
    jobs: readonly Job[],
    results: Results,
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

/**
 * Does what the file of the comparison lacks, here or **elsewhere**, and ends with a table and the report. Resolves to
 * the exit code: 0, 130 when interrupted.
 *
 * @throws UsageError before any work when the folder or the file in it cannot be used, or another process writes it
 */
export async function compare(
  options: CompareOptions,
  elsewhere: Elsewhere | null = null,
): Promise<number> {
  const { request, settings, axes, terminal, imdbPath } = options;
  const { colors } = terminal;
  const progress = createProgress(terminal);
  const interruption = listenForInterruption(() => {
    // A second Ctrl-C lets nothing put the terminal right.
    progress.stop();
    progress.line(colors.yellow("stopping after this step (Ctrl-C again: at once)"));
  });
  let letGo = () => {};
  try {
    const folder = openOutputFolder(options.out);
    letGo = hold(join(folder, comparisonName(request.name)));
    const { signal } = interruption;
    const began = performance.now();
    const code = describeCode();
    if (!options.fresh) refuseOther(folder, request.name, { code, settings });
    const loaded = await loadTask(request, { imdbPath, progress, signal });
    const { task } = loaded;
    const file = openComparison(folder, { code, task, settings, axes }, options.fresh);
    const jobs = jobsBeside(axes, file.comparison);
    const missing = missingJobs(jobs, file.comparison, options.retry);
    progress.line(colors.bold(`compare: ${task.title}`));
    progress.line(`  ${codeName(code)}`);
    progress.line(
      file.found > 0
        ? `  going on with ${file.path}: ${jobs.length - missing.length} of ${jobs.length} jobs are done, ${missing.length} to do`
        : `  ${jobs.length} jobs: ${countsOf(jobs)}`,
    );
    const results = resultsInto(file, missing, progress);
    save(file);
    if (elsewhere && missing.length > 0) {
      const id = file.comparison.startedAt;
      const sweep = { id, code, request, examples: task.digest, settings };
      await elsewhere.perform(sweep, missing, results, (line) => progress.line(line), signal);
    } else {
      // A coordinator of others has no use for what computes.
      const { sweepHere } = await import("./sweep-here.ts");
      await sweepHere(missing, { loaded, settings, progress, signal }, results);
    }
    save(file);
    const html = file.path.replace(/json$/, "html");
    writeHeld(html, renderComparisons([{ name: "", comparison: file.comparison }]));
    progress.line();
    for (const line of comparisonTable(file.comparison)) progress.line(line);
    progress.line();
    progress.line(`results  ${file.path}`);
    progress.line(
      `report   ${colors.bold(html)}  (${formatSeconds((performance.now() - began) / 1000)})`,
    );
    if (!signal.aborted) {
      const before = missingJobs(jobsAsked(file.comparison), file.comparison).length;
      if (before > 0) {
        progress.line(colors.yellow(`${before} jobs that were asked for before are not done yet`));
      }
      return 0;
    }
    progress.line(colors.yellow("interrupted: the same command goes on where this one ended"));
    return interruption.exitCode;
  } finally {
    progress.stop();
    interruption.release();
    letGo();
    await elsewhere?.close();
  }
}

function countsOf(jobs: readonly Job[]): string {
  const heats = jobs.filter(({ kind }) => kind === "heat").length;
  return `${heats} to time models and cells, ${jobs.length - heats} to train one variant from one seed`;
}
