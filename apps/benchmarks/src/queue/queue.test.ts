import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Queue, Worker } from "bullmq";
import { afterAll, expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import type { Sweep } from "../compare/compare.ts";
import { type Job, jobsOf } from "../compare/plan.ts";
import { faultOf } from "../compare/read-comparison.ts";
import { sampleComparison } from "../compare/sample-comparison.ts";
import { COMPARISON_VERSION, type Comparison } from "../compare/schema.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { queueAt } from "./coordinator.ts";
import { redisPlace } from "./redis.ts";
import { QUEUE_NAME } from "./sweep-job.ts";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rnnkit-queue-"));
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

/** A process with what it has printed. */
function start(program: string, args: string[]) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const process = { child, out: "", closed: once(child, "close") };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      process.out += chunk;
    });
  }
  return process;
}

async function until(holds: () => boolean, what: () => string) {
  for (let i = 0; !holds(); i++) {
    if (i > 1800) throw new Error(`it did not come: ${what()}`);
    await setTimeout(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const port = await freePort();
const url = `redis://:secret@127.0.0.1:${port}`;
let redis: ReturnType<typeof start> | undefined;
if (hasRedis) {
  const args = `--port ${port} --bind 127.0.0.1 --requirepass secret --appendonly no --dir ${folder} --save`;
  const server = start("redis-server", [...args.split(" "), ""]);
  redis = server;
  await until(
    () => server.out.includes("Ready to accept connections"),
    () => server.out,
  );
}

// As little as a job can be: it is the queue that is tried.
const little = "--seeds 1,2,3,4 --units 4 --timesteps 4 --epochs 1 --rounds 1";
const compare = (more = "", size = little, out = folder) => {
  const axes = "--cells lstm --implementations fused --backends wasm --threads 1";
  const words = `${axes} ${size} ${more}`.split(" ").filter(Boolean);
  return start(process.execPath, [cli, "compare", "--queue", url, "--out", out, ...words]);
};
const worker = () => start(process.execPath, [cli, "worker", "--queue", url, "--lease", "1"]);
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

// What is not there on a developer's machine is there in CI.
const withRedis = test.skipIf(!hasRedis && !process.env.CI);

withRedis(
  "three workers do a sweep whose coordinator and one of them were killed, each job once",
  async () => {
    const first = compare();
    await until(
      () => first.out.includes("5 jobs wait in Redis"),
      () => first.out,
    );
    first.child.kill("SIGKILL");
    await first.closed;

    const workers = [worker(), worker(), worker()];
    const holds = (out: string) => /took (\S+)\n$/.exec(out)?.[1];
    let dead = workers[0]!;
    await until(
      () => {
        const holder = workers.find(({ out }) => holds(out) !== undefined);
        if (holder) dead = holder;
        return holder !== undefined;
      },
      () => workers.map(({ out }) => out).join("\n"),
    );
    const hands = handsOf(dead);
    dead.child.kill("SIGKILL");
    const held = holds(dead.out);

    const second = compare();
    const [code] = await second.closed;
    expect([code, second.out]).toEqual([0, expect.stringContaining("5/5")]);
    const comparison: Comparison = JSON.parse(
      readFileSync(join(folder, "compare-sine.json"), "utf8"),
    );
    expect([comparison.status, faultOf(comparison)]).toEqual(["complete", null]);
    const keys = [...comparison.heats, ...comparison.runs].map(({ key }) => key);
    expect(new Set(keys).size).toBe(5);
    expect(keys.length).toBe(5);
    expect(comparison.machines.length).toBe(1);
    // What the dead one held another has done, and its process is gone with it.
    const living = workers.filter((one) => one !== dead);
    expect(living.some(({ out }) => out.includes(`did  ${held}\n`))).toBe(true);
    await until(
      () => hands.every((pid) => !isAlive(pid)),
      () => `processes ${hands} end with their worker`,
    );

    const queue = new Queue(QUEUE_NAME, { connection: redisPlace(url) });
    const counts = await queue.getJobCounts("waiting", "active", "completed", "failed", "delayed");
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
    await refusesOtherCode(queue, comparison, living);
    await queue.close();

    for (const { child } of living) child.kill("SIGINT");
    expect(await Promise.all(living.map(({ closed }) => closed))).toEqual([
      [130, null],
      [130, null],
    ]);
  },
  180_000,
);

/** The process in which a worker works, where the system tells; for the others the test says nothing. */
function handsOf({ child: { pid } }: ReturnType<typeof start>): number[] {
  const children = `/proc/${pid}/task/${pid}/children`;
  return existsSync(children)
    ? (readFileSync(children, "utf8").match(/\d+/g) ?? []).map(Number)
    : [];
}

withRedis(
  "a job whose process was killed, as one of too little memory is, is done again",
  async () => {
    const long = "--seeds 1 --epochs 400 --units 32 --rounds 1";
    const sweep = compare("", long, mkdtempSync(join(tmpdir(), "rnnkit-lost-")));
    const one = worker();
    await until(
      () => /took \S+seed-1\n$/.test(one.out),
      () => one.out,
    );
    for (const pid of handsOf(one)) process.kill(pid, "SIGKILL");
    const [code] = await sweep.closed;
    expect([code, sweep.out]).toEqual([0, expect.stringContaining("2/2")]);
    if (existsSync("/proc"))
      expect(one.out).toMatch(/lost \S+seed-1: .*SIGKILL; it waits for another/);
    one.child.kill("SIGTERM");
    expect(await one.closed).toEqual([143, null]);
  },
);

/** Jobs of a changed program and of another form are said to be refused, and wait for a worker that may take them. */
async function refusesOtherCode(
  queue: Queue,
  { code, settings, task }: Comparison,
  workers: readonly { out: string }[],
) {
  const job = { kind: "run", key: "single/gru/fused/wasm/1/seed-1" };
  const sweep = {
    id: "x",
    code: { ...code, digest: "0".repeat(64) },
    settings,
    examples: task.digest,
  };
  const changed = await queue.add("a", { schemaVersion: COMPARISON_VERSION, sweep, job });
  const newer = await queue.add("b", { schemaVersion: 9, sweep: { ...sweep, code }, job });
  const said = () => workers.map(({ out }) => out).join("\n");
  await until(
    () => /programs [0-9a-f]{8} does not take jobs of .*programs 00000000/.test(said()),
    said,
  );
  await until(() => said().includes("does not take jobs of version 9"), said);
  for (const { id } of [changed, newer]) {
    const now = await queue.getJob(id!);
    expect(now?.progress).toEqual({ refused: expect.stringMatching(/does not take jobs of/) });
    expect(now?.returnvalue ?? null).toBeNull();
    await now!.remove().catch(() => {});
  }
}

withRedis.each([
  [url.replace("secret", "guess"), /WRONGPASS/],
  [url.replace(":secret@", ""), /NOAUTH/],
  ["redis://127.0.0.1:1", /expected Redis at 127\.0\.0\.1:1, got: .*ECONNREFUSED/],
  ["http://127.0.0.1", /expected a URL such as redis:.*got one of http:/],
  ["redis.example", /expected a URL such as redis:.*got what is no URL/],
])("%s is one clear line, before any work", async (wrong, message) => {
  for (const command of ["compare", "worker"]) {
    const terminal = memoryTerminal();
    expect(await runCommandLine([command, "--queue", wrong], terminal)).toBe(2);
    expect(terminal.text.out).toBe("");
    expect(terminal.text.err).toMatch(/^rnnkit-benchmarks: --queue: [^\n]+\n$/);
    expect(terminal.text.err).toMatch(message);
  }
});

withRedis("Ctrl-C takes back what no worker has begun, and says how to go on", async () => {
  const stopped = compare("--fresh");
  await until(
    () => stopped.out.includes("5 jobs wait in Redis"),
    () => stopped.out,
  );
  stopped.child.kill("SIGINT");
  expect(await stopped.closed).toEqual([130, null]);
  expect(stopped.out).toContain("the same command goes on where this one ended");
  const queue = new Queue(QUEUE_NAME, { connection: redisPlace(url) });
  expect(await queue.getJobCounts("waiting", "active")).toEqual({ waiting: 0, active: 0 });
  await queue.close();
});

/** A sweep of one job that workers of this code would refuse. */
const foreign = { id: "x", code: { digest: "" } } as Sweep;
const [job] = jobsOf(sampleComparison().axes) as [Job];
const noResults = { take: () => expect.unreachable() };

/** The job is taken by workers that go, so many times; the last one's loss nobody has noticed. */
async function loseWorkers(times: number) {
  const taker = new Worker(QUEUE_NAME, null, {
    connection: { ...redisPlace(url), maxRetriesPerRequest: null },
    ...{ lockDuration: 20, stalledInterval: 20, maxStalledCount: times },
  });
  await taker.startStalledCheckTimer();
  for (let taken = 0; taken < times; ) {
    if (await taker.getNextJob("gone", { block: false })) taken++;
    else await setTimeout(20);
  }
  await taker.close(true);
}

// The last one: it leaves no Redis.
withRedis(
  "a job that lost five workers is given up; Ctrl-C ends compare and a worker though Redis is gone, and the lock with them",
  async () => {
    const { signal } = new AbortController();
    const elsewhere = await queueAt(url);
    const performed = elsewhere.perform(foreign, [job], noResults, () => {}, signal);
    await Promise.race([performed, loseWorkers(5)]);
    const both = [compare("--fresh"), worker()];
    await expect(performed).rejects.toThrow(/1 jobs came to no result: single\/lstm: .*stalled/);
    const said = () => both.map(({ out }) => out).join("\n");
    await until(() => /5 jobs wait.*took \S+/s.test(said()), said);
    redis?.child.kill("SIGKILL");
    await redis?.closed;
    // As if it had died just before the first jobs were put in.
    const stop = new AbortController();
    const stopped = elsewhere.perform(foreign, [job], noResults, () => {}, stop.signal);
    stop.abort();
    await stopped;
    await elsewhere.close();
    await until(() => both.every(({ out }) => out.includes("trying again")), said);
    for (const { child } of both) child.kill("SIGINT");
    for (const { closed } of both) expect(await closed).toEqual([130, null]);
    for (const { out } of both) expect(out).toContain("Redis does not answer");
    expect(readdirSync(folder).filter((name) => name.includes(".lock"))).toEqual([]);
  },
);
