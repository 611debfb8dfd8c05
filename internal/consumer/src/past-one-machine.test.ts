// A model leaves this machine and comes back: trained on by Keras on several processes, served by onnxruntime.
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { copyBeside, numbersIn, project, runExample } from "./run-example.ts";

const run = promisify(execFile);
const python = process.env.RNNKIT_KERAS_PYTHON;
const cluster = join(project, "on-a-cluster");

beforeAll(async () => {
  copyBeside("on-a-cluster", "serving");
  await runExample(join("on-a-cluster", "train.js"));
});

let server: ChildProcess | undefined;
afterEach(() => server?.kill());

/** Serves a file of the cluster's folder; what it answers to numbers and their shape, or to any other text. */
async function served(file: string): Promise<(body: unknown) => Promise<Response>> {
  const code = join(project, "serving", "serve.js");
  server = spawn(process.execPath, [code, file, "0"], {
    cwd: cluster,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout!, "data");
  const [port] = numbersIn(`${line}`, /port: (\d+)/);
  return (body) =>
    fetch(`http://localhost:${port}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
}

/** The first four examples: a .npy file has 128 bytes of header, then float32. */
function firstWindows(): number[] {
  const bytes = readFileSync(join(cluster, "x.npy"));
  return Array.from({ length: 4 * 20 }, (_, i) => bytes.readFloatLE(128 + 4 * i));
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}

interface Told {
  process?: number;
  loss?: number[];
  predictions?: number[][];
}

/** What two processes of a script print, which have trained the cluster's model together. */
async function trainedTogether(script: string): Promise<Told[]> {
  const line = [script, "--processes", "2", "--coordinator", `localhost:${await freePort()}`];
  // The numbers are those of the optimized code; compiling it takes most of the time.
  const XLA_FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true";
  const env = { ...process.env, XLA_FLAGS };
  // JAX takes SIGTERM for a notice; and what one process dies of leaves the other waiting.
  const either = new AbortController();
  const signals = { killSignal: "SIGKILL", signal: either.signal } as const;
  const options = { cwd: cluster, env, timeout: 200_000, ...signals };
  const both = [0, 1].map((number) => run(python!, [...line, "--process", `${number}`], options));
  const answers = await Promise.all(both).finally(() => either.abort());
  return answers.flatMap(({ stdout }) =>
    stdout.split("\n").flatMap((text) => (text.startsWith("{") ? [JSON.parse(text)] : [])),
  );
}

/** That both processes' losses, and the file that they wrote, are those of one process here with whole batches. */
async function expectOneTraining(told: Told[]): Promise<void> {
  const losses = told.flatMap(({ process: number, loss }) => (loss ? [{ number, loss }] : []));
  expect(losses.map(({ number }) => number).sort()).toEqual([0, 1]);
  expect(losses[0]!.loss).toEqual(losses[1]!.loss);
  const out = await runExample(join("on-a-cluster", "check.js"));
  const here = numbersIn(out, /^losses: (\S+) (\S+)$/m);
  // Halves' float32 sums, added up, beside whole ones: a few units in the last place of a loss near 0.3.
  expect(losses[0]!.loss).toBeAllclose(here, { rtol: 0, atol: 1e-6 });
  const [predictions] = numbersIn(out, /predictions, at most apart: (\S+)/);
  expect(predictions).toBeLessThan(1e-5);
  const [third] = numbersIn(out, /losses of one more epoch, at most apart: (\S+)/);
  expect(third).toBeLessThan(1e-6); // without the optimizer's moments and step it is another one
}

/** Whether the Python has a module. */
function has(module: string): boolean {
  if (!python) return false;
  const script = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  return spawnSync(python, ["-c", script]).status === 0;
}

describe.skipIf(!has("jax"))("on a cluster (skipped without RNNKIT_KERAS_PYTHON)", () => {
  let told: Told[];
  beforeAll(async () => {
    told = await trainedTogether("train.py");
  }, 240_000);

  test("two processes have one loss, that of one process here with whole batches, to 1e-6", async () => {
    await expectOneTraining(told);
  });

  test("what comes back is served here with Keras's predictions", async () => {
    const { predictions } = told.find((each) => each.predictions)!;
    const ask = await served("trained.keras");
    const answer = await ask({ shape: [4, 20, 1], data: firstWindows() });
    const { data, shape } = (await answer.json()) as { data: number[]; shape: number[] };
    expect(shape).toEqual([4, 1]);
    expect(data).toBeAllclose(predictions!.flat(), { rtol: 0, atol: 1e-5 });
  });
});

test.skipIf(!has("torch"))(
  "on PyTorch, where there is one, it is the same training",
  async () => {
    await expectOneTraining(await trainedTogether("train_torch.py"));
  },
  240_000,
);

test("one server answers alike from a .keras file and from its .onnx file", async () => {
  const exporter = join(project, "serving", "export.js");
  await run(process.execPath, [exporter, "model.keras", "model.onnx"], { cwd: cluster });
  const answers: { data: number[]; shape: number[] }[] = [];
  for (const file of ["model.keras", "model.onnx"]) {
    const ask = await served(file);
    // What is wrong with a request is said, and the next one is answered.
    const other = { shape: [1, 19, 1], data: firstWindows() };
    const unknown = { shape: [1, 20, 1], data: [...Array(19).fill(0), null] };
    for (const wrong of ["no JSON", "null", other, unknown, {}]) {
      const refused = await ask(wrong);
      expect(refused.status).toBe(400);
      expect((await refused.json()).error).toMatch(/Error: ./);
    }
    const answer = await ask({ shape: [4, 20, 1], data: firstWindows() });
    expect(answer.status).toBe(200);
    answers.push(await answer.json());
    server?.kill();
  }
  const [keras, onnx] = answers;
  expect(keras!.shape).toEqual([4, 1]);
  expect(onnx!.shape).toEqual([4, 1]);
  expect(onnx!.data).toBeAllclose(keras!.data, { rtol: 0, atol: 1e-5 });
});

test("onnxruntime and this engine predict the same before they are timed, to 1e-5", async () => {
  const out = await runExample(join("serving", "compare.js"), { "seconds = 2": "seconds = 0.01" });
  const lines = out.trim().split("\n");
  expect(lines.length).toBe(8);
  for (const line of lines) {
    const [apart] = numbersIn(line, /at most apart (\S+);/);
    expect(apart).toBeLessThan(1e-5);
    expect(line).toMatch(/here \S+ ms, onnxruntime \S+ ms, ratio \d+\.\d\d$/);
  }
});
