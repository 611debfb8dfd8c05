import { setTimeout } from "node:timers/promises";
import { Queue, type Job as QueuedJob, QueueEvents } from "bullmq";
import type { Elsewhere, Sweep } from "../compare/compare.ts";
import type { Job } from "../compare/plan.ts";
import { COMPARISON_VERSION } from "../compare/schema.ts";
import type { Results } from "../compare/sweep.ts";
import { answers, checkRedis, type RedisPlace, redisPlace } from "./redis.ts";
import {
  jobId,
  KEPT_SECONDS,
  QUEUE_NAME,
  type Refusal,
  type SweepJob,
  type SweepResult,
} from "./sweep-job.ts";

/** Results are looked for so often, whatever events say: those of a lost connection are lost. */
const LOOK_MS = 2000;

type Queued = QueuedJob<SweepJob, SweepResult>;

/**
 * Has jobs done by the workers of the Redis at **url**.
 *
 * @throws UsageError when it cannot be reached
 */
export async function queueAt(url: string): Promise<Elsewhere> {
  const connection = redisPlace(url);
  await checkRedis(connection);
  const queue = new Queue<SweepJob, SweepResult, string>(QUEUE_NAME, { connection });
  const events = new QueueEvents(QUEUE_NAME, { connection });
  return {
    perform: (sweep, jobs, results, say, signal) =>
      coordinate({ connection, queue, events, sweep, jobs, results, say, signal }),
    async close() {
      const both = [queue, events];
      // To a Redis that is gone no good-bye can be said, and its connection would be tried again.
      if (await answers(connection)) await Promise.all(both.map((each) => each.close()));
      // Nor waited for its end, which may have been before.
      else for (const each of both) each.disconnect().catch(() => {});
    },
  };
}

interface Coordination {
  connection: RedisPlace;
  queue: Queue<SweepJob, SweepResult, string>;
  events: QueueEvents;
  sweep: Sweep;
  jobs: readonly Job[];
  results: Results;
  say: (line: string) => void;
  signal: AbortSignal;
}

async function coordinate(of: Coordination): Promise<void> {
  const { connection, queue, events, sweep, jobs, results, say, signal } = of;
  if (signal.aborted) return;
  const waiting = new Map(jobs.map((job) => [jobId(sweep, job), job]));
  const failures: string[] = [];
  const sayOnce = once(say);
  const lost = ({ message }: Error) => sayOnce(`  Redis: ${message}; trying again`);
  queue.on("error", lost);
  events.on("error", lost);

  /** Takes what has ended out of Redis, once it is in the file. */
  const collect = async () => {
    // What fails of the connection says so itself, and comes back.
    const ended = await queue.getJobs(["completed", "failed"]).catch((): Queued[] => []);
    for (const job of ended) {
      const id = job?.id;
      if (id === undefined || !waiting.delete(id)) continue;
      if (job.failedReason) failures.push(`${job.name}: ${job.failedReason}`);
      else results.take(job.returnvalue);
      await job.remove().catch(() => {});
    }
  };
  /** Puts in what is not there: at first all, and after Redis has lost its memory what it lost. */
  const offer = () =>
    queue.addBulk(
      [...waiting].map(([id, job]) => ({
        name: job.key,
        data: { schemaVersion: COMPARISON_VERSION, sweep, job },
        opts: {
          jobId: id,
          removeOnComplete: { age: KEPT_SECONDS },
          removeOnFail: { age: KEPT_SECONDS },
        },
      })),
    );

  events.on("progress", ({ jobId: id, data }) => {
    const { refused } = (data ?? {}) as Partial<Refusal>;
    if (waiting.has(id) && refused !== undefined) sayOnce(`  refused: ${refused}`);
  });
  events.on("stalled", ({ jobId: id }) => {
    const job = waiting.get(id);
    if (job) say(`  the worker of ${job.key} is gone: another takes it`);
  });
  let wake = () => {};
  for (const event of ["completed", "failed"] as const) events.on(event, () => wake());
  const aborted = new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });

  const begin = async () => {
    await events.waitUntilReady();
    await forgetFailures(queue, waiting);
    await offer();
    say(`  ${waiting.size} jobs wait in Redis; npm start -- worker --queue ... takes them`);
  };
  const begun = begin();
  // While Redis is away it waits for it, longer than Ctrl-C may.
  await Promise.race([begun, aborted]);
  let wasClosed = false;
  queue.on("ioredis:close", () => {
    wasClosed = true;
  });
  const look = async () => {
    if (wasClosed) {
      await offer().then(
        () => {
          wasClosed = false;
        },
        () => {},
      );
    }
    await collect();
  };
  while (waiting.size > 0 && !signal.aborted) {
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await Promise.race([look(), aborted]);
    if (waiting.size === 0 || signal.aborted) break;
    await Promise.race([woken, aborted, setTimeout(LOOK_MS)]);
  }
  if (signal.aborted) {
    const ended = begun.catch(() => {});
    if (await answers(connection)) {
      await ended;
      await withdraw(queue, waiting, collect);
    } else {
      say("  Redis does not answer: what lies there stays, and the same command goes on with it");
    }
  }
  if (failures.length > 0) {
    throw new Error(`${failures.length} jobs came to no result: ${failures.join("; ")}`);
  }
}

/** Jobs that failed while nobody looked are begun again. */
async function forgetFailures(
  queue: Coordination["queue"],
  ours: ReadonlyMap<string, Job>,
): Promise<void> {
  for (const job of await queue.getJobs(["failed"])) {
    if (job?.id !== undefined && ours.has(job.id)) await job.remove();
  }
}

/**
 * Takes back what no worker has begun. What one has begun it ends; the result waits in Redis, for the same command
 * started again.
 */
async function withdraw(
  queue: Coordination["queue"],
  waiting: ReadonlyMap<string, Job>,
  collect: () => Promise<void>,
): Promise<void> {
  await collect();
  for (const id of waiting.keys()) {
    const job = await queue.getJob(id);
    // Of a job in work it is refused.
    await job?.remove().catch(() => {});
  }
}

function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
}
