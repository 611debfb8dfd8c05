// One job, in this process: what a sweep does one after the other, and a worker of a queue with each that it takes.

import { startBackend } from "./backend.ts";
import { timeHeat } from "./heat.ts";
import { describeMachine } from "./machine.ts";
import type { Job } from "./plan.ts";
import type { Heat, Machine, TrainedRun, Variant } from "./schema.ts";
import { trainVariant } from "./train-variant.ts";
import type { Workplace } from "./workplace.ts";

/** What a job gave, and where. */
export type JobResult =
  | { kind: "heat"; heat: Heat; machine: Machine }
  | { kind: "run"; run: TrainedRun; machine: Machine };

/** Does a job; null when it was aborted before its end. What cannot be done is a result too. */
export async function performJob(job: Job, place: Workplace): Promise<JobResult | null> {
  if (job.kind === "heat") {
    const heat = await timeHeat(job, place);
    const adapter = await adapterOf(job.variants);
    const machine = describeMachine(adapter);
    return heat && { kind: "heat", heat: { ...heat, machine: machine.id }, machine };
  }
  const run = await trainVariant(job, place);
  const machine = describeMachine(await adapterOf([job.variant]));
  return run && { kind: "run", run: { ...run, machine: machine.id }, machine };
}

/** What the GPU among the backends calls itself, where one was started. */
async function adapterOf(variants: readonly Variant[]): Promise<string | null> {
  if (!variants.some(({ backend }) => backend === "webgpu")) return null;
  return startBackend("webgpu").then(
    ({ adapter }) => adapter,
    () => null,
  );
}
