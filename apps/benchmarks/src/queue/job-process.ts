// The process in which a worker's jobs are done. It ends with the worker, however that ends.

import "../relaxed-simd.ts";
import process from "node:process";
import type { Sweep } from "../compare/compare.ts";
import { performJob } from "../compare/perform-job.ts";
import { loadTask } from "../compare/task.ts";
import { openWorkplace, type Workplace } from "../compare/workplace.ts";
import { createProgress } from "../terminal/progress.ts";
import { processTerminal } from "../terminal/terminal.ts";
import type { Answer, Order } from "./worker.ts";

process.on("disconnect", () => process.exit());
// A terminal sends Ctrl-C here too, a service manager SIGTERM; the worker decides what they mean.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
// Nor is a reader of the worker's lines that went away a reason to lose the job.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("message", (order: Order) => {
  void answer(order).then((text) => process.send?.(text));
});

let opened: { of: string; place: Workplace } | undefined;

async function answer({ data, imdbPath }: Order): Promise<Answer> {
  try {
    const result = await performJob(data.job, await placeOf(data.sweep, imdbPath));
    return result ? { result } : { error: "interrupted" };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Examples and references are kept for the next job of the same sweep. */
async function placeOf(sweep: Sweep, imdbPath: string | undefined): Promise<Workplace> {
  const of = JSON.stringify([sweep.request, sweep.examples, sweep.settings]);
  if (opened?.of === of) return opened.place;
  const { signal } = new AbortController();
  const progress = createProgress(processTerminal());
  const loaded = await loadTask(sweep.request, { imdbPath, progress, signal });
  if (loaded.task.digest !== sweep.examples) {
    throw new Error(`expected the examples of ${loaded.task.title} that the sweep has, got others`);
  }
  const place = openWorkplace({ loaded, settings: sweep.settings, progress, signal });
  opened = { of, place };
  return place;
}
