// What lies in Redis: the one queue, the form of a job's data, its id.

import { createHash } from "node:crypto";
import { codeName } from "../compare/code.ts";
import type { Sweep } from "../compare/compare.ts";
import type { JobResult } from "../compare/perform-job.ts";
import type { Job } from "../compare/plan.ts";
import { COMPARISON_VERSION, type Code } from "../compare/schema.ts";

/** All workers of a Redis take from it, all coordinators put into it. */
export const QUEUE_NAME: string = "rnnkit-compare";

/** How long a result waits for a coordinator that went away. */
export const KEPT_SECONDS: number = 7 * 24 * 3600;

/** A job of BullMQ's. */
export interface SweepJob {
  schemaVersion: number;
  sweep: Sweep;
  job: Job;
  /** Processes that ended in the middle of it, without an answer. Default 0. */
  losses?: number;
}

/** What a job gives, as JSON. */
export type SweepResult = JobResult;

/** What a worker says of a job that it does not take. */
export interface Refusal {
  refused: string;
}

/** The same id for the same job of the same file: put into the queue twice, it is there once. */
export function jobId(sweep: Sweep, job: Job): string {
  const digest = (value: unknown) =>
    createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
  const { id, code, examples, settings } = sweep;
  return `${digest([id, code.digest, examples, settings])}-${digest(job)}`;
}

/** Why a worker of **code** may not do a job: its numbers would be of another code. Null when it may. */
export function refusalOf({ schemaVersion, sweep }: SweepJob, code: Code): string | null {
  if (schemaVersion !== COMPARISON_VERSION) {
    return `a worker of version ${COMPARISON_VERSION} of the form does not take jobs of version ${schemaVersion}`;
  }
  if (sweep.code.digest === code.digest) return null;
  return `a worker of ${codeName(code)} does not take jobs of ${codeName(sweep.code)}`;
}
