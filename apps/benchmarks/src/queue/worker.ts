import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DelayedError, type Job as QueuedJob, Worker } from "bullmq";
import { codeName, describeCode } from "../compare/code.ts";
import { listenForInterruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { answers, checkRedis, redisPlace } from "./redis.ts";
import {
  QUEUE_NAME,
  type Refusal,
  refusalOf,
  type SweepJob,
  type SweepResult,
} from "./sweep-job.ts";

/** What a worker is asked for. */
export interface WorkerOptions {
  url: string;
  /** Seconds after which a job whose worker gives no sign of life is given to another. */
  lease: number;
  imdbPath?: string;
  terminal: Terminal;
}

/** A job that has lost so many workers, or their processes, is given up: it may be what kills them. */
const LOST_WORKERS = 5;

/**
 * Takes jobs one at a time until Ctrl-C, which ends it after the job that it has. The work is done in a process of its
 * own: this one has nothing to do but to tell Redis that it is alive, however long a step takes. Resolves to the exit code.
 *
 * @throws UsageError when Redis cannot be reached
 */
export async function work({ url, lease, imdbPath, terminal }: WorkerOptions): Promise<number> {
  const connection = redisPlace(url);
  await checkRedis(connection);
  const { colors } = terminal;
  const line = (text: string) => void terminal.out.write(`${text}\n`);
  const code = describeCode();
  const hands = createHands(imdbPath);
  const interruption = listenForInterruption(() =>
    line(colors.yellow("stopping after this job (Ctrl-C again: at once)")),
  );
  const refused = new Set<string>();
  let working: Promise<unknown> | undefined;
  const worker = new Worker<SweepJob, SweepResult>(
    QUEUE_NAME,
    async (job, token) => {
      const refusal = refusalOf(job.data, code);
      if (refusal !== null) {
        if (!refused.has(refusal)) line(`refused: ${refusal}`);
        refused.add(refusal);
        await job.updateProgress({ refused: refusal } satisfies Refusal);
        await job.moveToDelayed(Date.now() + 1000 * lease, token);
        throw new DelayedError();
      }
      line(`took ${job.data.job.key}`);
      const performed = hands.perform(job.data);
      working = performed;
      try {
        const result = await performed;
        line(`did  ${job.data.job.key}`);
        return result;
      } catch (error) {
        const losses = 1 + (job.data.losses ?? 0);
        if (!(error instanceof LostProcess) || losses >= LOST_WORKERS) throw error;
        line(`lost ${job.data.job.key}: ${error.message}; it waits for another`);
        await job.updateData({ ...job.data, losses });
        await job.moveToDelayed(Date.now(), token);
        throw new DelayedError();
      }
    },
    {
      // A command waits for the connection to come back, as long as it takes.
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: 1,
      lockDuration: 1000 * lease,
      stalledInterval: 500 * lease,
      // How many losses a job survives.
      maxStalledCount: LOST_WORKERS - 1,
    },
  );
  const said = new Set<string>();
  worker.on("error", ({ message }) => {
    if (!said.has(message)) line(`Redis: ${message}; trying again`);
    said.add(message);
  });
  worker.on("failed", (job: QueuedJob | undefined, { message }) =>
    line(`failed ${job?.name}: ${message}`),
  );
  try {
    await worker.waitUntilReady();
    line(`worker of ${codeName(code)}: waiting for jobs at ${connection.host}:${connection.port}`);
    const { signal } = interruption;
    if (!signal.aborted) await once(signal, "abort");
    await worker.pause(true);
    await working?.catch(() => {});
    const isThere = await answers(connection);
    if (!isThere) line("Redis does not answer: a job that it has of this worker goes to another");
    await worker.close(!isThere);
    return interruption.exitCode;
  } finally {
    interruption.release();
    hands.close();
  }
}

/** What a process that works is told. */
export interface Order {
  data: SweepJob;
  imdbPath?: string;
}

/** What it answers. */
export type Answer = { result: SweepResult } | { error: string };

/** The process ended without an answer, as of a lack of memory; the job may go on elsewhere. */
class LostProcess extends Error {}

/** A process that does jobs, begun with the first and again after it has died. */
function createHands(imdbPath: string | undefined) {
  let child: ChildProcess | undefined;
  return {
    async perform(data: SweepJob): Promise<SweepResult> {
      if (child?.connected !== true) {
        child = fork(fileURLToPath(new URL("./job-process.js", import.meta.url)));
      }
      const own = child;
      const answered = new AbortController();
      const { signal } = answered;
      try {
        const ended = once(own, "exit", { signal }).then(([code, by]) => {
          throw new LostProcess(`the process that did it ended with ${code ?? by}`);
        });
        const answer = once(own, "message", { signal });
        own.send({ data, imdbPath } satisfies Order);
        const [message] = (await Promise.race([answer, ended])) as [Answer];
        if ("error" in message) throw new Error(message.error);
        return message.result;
      } finally {
        answered.abort();
      }
    },
    close: () => void child?.disconnect(),
  };
}
