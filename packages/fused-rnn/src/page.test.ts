// The engine in a real browser, bundled by vite and minified as an app would be: on a page's own
// thread, and in workers of pages that may and may not share memory.

import type { CellKind } from "@rnnkit/core-rnn";
import { cellKinds, cellOf, runSequence, runSequenceBackward } from "@rnnkit/core-rnn";
import { isolation, type Served, served } from "@rnnkit/test-kit/server";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import type { Browser, Page, Worker } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { relaxedSimd, simd128 } from "./generated/kernels.ts";
import {
  bundled,
  chromiumTest,
  here,
  isThere,
  launched,
  ready,
  reason,
  run,
  type Scope,
  workerOf,
} from "./page-browser.fixture.ts";
import { callOf, type Sizes, trained, workersUp } from "./page-call.fixture.ts";

const policy = (text: string) => ({ "Content-Security-Policy": text });

/** Headers of a page, and of its script, which a worker takes its own policy from. */
const places: Record<string, { ofPage: object; ofScript: object }> = {
  plain: { ofPage: {}, ofScript: {} },
  isolated: { ofPage: isolation, ofScript: isolation },
  noBlobs: { ofPage: isolation, ofScript: { ...isolation, ...policy("worker-src 'self'") } },
  noText: {
    ofPage: isolation,
    ofScript: { ...isolation, ...policy("require-trusted-types-for 'script'") },
  },
  noWasm: { ofPage: policy("script-src 'self'"), ofScript: {} },
};

const script = `
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import * as rnn from "@rnnkit/fused-rnn";
import { getInstance } from "${here("./wasm/instance.ts")}";
import { mortalWorkers } from "${here("./wasm/dying-worker.fixture.ts")}";
import { trained, workersUp } from "${here("./page-call.fixture.ts")}";
Object.assign(globalThis, rnn, { getInstance, mortalWorkers, trained, workersUp });
`;

let server: Served;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!isThere) return;
  const code = await bundled(script, true);
  server = await served(({ url = "" }, response) => {
    const [, place, name] = url.split("/");
    const { ofPage, ofScript } = places[place] ?? places.plain;
    if (name === "main.js") {
      response.writeHead(200, { "content-type": "text/javascript", ...ofScript }).end(code);
    } else if (name === "compile.js") {
      const compile = "onmessage = ({ data }) => postMessage(new WebAssembly.Module(data))";
      response.writeHead(200, { "content-type": "text/javascript" }).end(compile);
    } else {
      response.writeHead(200, { "content-type": "text/html", ...ofPage });
      response.end('<script type="module" src="./main.js"></script>');
    }
  });
  browser = await launched();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});
afterEach(() => page?.close());

/** Keeps what the page's own thread compiles, and counts how often it waits. */
const witness = `
globalThis.compiled = [];
globalThis.waits = 0;
WebAssembly.Module = class extends WebAssembly.Module {
  constructor(bytes) {
    super(bytes);
    compiled.push(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
};
const { wait } = Atomics;
Atomics.wait = (...args) => {
  waits++;
  return wait.apply(Atomics, args);
};`;

async function open(place: string): Promise<Page> {
  page = await browser.newPage();
  await page.addInitScript(witness);
  await page.goto(`${server.address}/${place}/`);
  await ready(page, trained.name);
  return page;
}

async function openWorker(place: string): Promise<Worker> {
  const worker = await workerOf(await open(place));
  await ready(worker, trained.name);
  return worker;
}

const call = (cell: CellKind, sizes: Sizes) => `${trained.name}("${cell}", [${sizes}])`;
const oneWorkerUp = (sizes: Sizes) => `${workersUp.name}(1, [${sizes}])`;

/** A block of eight rows and one of one. */
const small: Sizes = [9, 11, 5, 7];
/** Three blocks, and enough work for two threads, in SimpleRNN's case backward alone. */
const large: Sizes = [24, 32, 33, 64];

/** What `trained` gives, by the float64 reference. */
function reference(cell: CellKind, sizes: Sizes): Float64Array[] {
  const [B, T, I, H] = sizes;
  const { x, kernel, recurrentKernel, bias, mask, initialState, cotangents } = callOf(cell, sizes);
  const f64 = (a: Float32Array) => Float64Array.from(a);
  const size = { inputSize: I, units: H };
  const made = cellOf(cell, size);
  const params = {
    kernel: f64(kernel),
    recurrentKernel: f64(recurrentKernel),
    bias: f64(bias),
  };
  const forward = runSequence(
    made,
    params,
    { data: f64(x), shape: [B, T, I] },
    { returnSequences: true, mask, initialState: initialState.map(f64) },
  );
  const [dOutputs, ...dState] = cotangents.map(f64);
  const { dx, dParams, dInitialState } = runSequenceBackward(made, params, forward.tape, {
    dOutputs,
    dState,
  });
  const { kernel: dKernel, recurrentKernel: dRecurrentKernel, bias: dBias } = dParams;
  return [
    forward.outputs.data,
    ...forward.state,
    dx,
    dKernel,
    dRecurrentKernel,
    dBias ?? new Float64Array(),
    ...dInitialState,
  ];
}

const expectations = cellKinds.map((cell) => [cell, reference(cell, small)] as const);

async function expectReference(scope: Scope): Promise<void> {
  for (const [cell, expected] of expectations) {
    const got = await run<number[][]>(scope, call(cell, small));
    expect(got).toHaveLength(expected.length);
    for (const [k, values] of expected.entries())
      expect(got[k]).toBeAllclose(values, tolerances.wasm.whole);
  }
}

chromiumTest(
  `a page's own thread runs the relaxed build, alone, to the reference's numbers${reason}`,
  async () => {
    const scope = await open("plain");
    await expectReference(scope);
    const compiled = await run<string[]>(scope, "compiled");
    expect([compiled.includes(relaxedSimd), compiled.includes(simd128)]).toEqual([true, false]);
    expect(await run(scope, "[setThreads(2), getThreads()][1]")).toBe(1);
  },
);

chromiumTest(`the own thread of an isolated page never waits${reason}`, async () => {
  const scope = await open("isolated");
  expect(await run(scope, "crossOriginIsolated")).toBe(true);
  expect(await run(scope, "[setThreads(2), getThreads()][1]")).toBe(1);
  await expectReference(scope);
  await run(scope, `${call("lstm", large)}.length`);
  expect(await run(scope, "[waits, getInstance().pool.started()]")).toEqual([0, 0]);
});

chromiumTest(
  `in a worker of an isolated page two threads give the bits of one${reason}`,
  async () => {
    const scope = await openWorker("isolated");
    await run(scope, "setThreads(1)");
    await expectReference(scope);
    const all = `[${cellKinds.map((cell) => call(cell, large))}]`;
    await run(scope, `(globalThis.one = JSON.stringify(${all})).length`);
    expect(await run(scope, "[setThreads(2), getThreads()][1]")).toBe(2);
    expect(await run(scope, oneWorkerUp(large))).toBe(1);
    expect(await run(scope, `one === JSON.stringify(${all})`)).toBe(true);
  },
);

chromiumTest(
  `a nested worker takes blocks: one that dies in its block fails that call alone${reason}`,
  async () => {
    const scope = await openWorker("isolated");
    await run(scope, "(globalThis.mortal = mortalWorkers(), setThreads(2))");
    await run(scope, oneWorkerUp(large));
    const repeated = `(() => { for (let n = 0; n < 50; n++) ${call("lstm", large)}; })`;
    await run(scope, "(globalThis.broken = getInstance(), mortal.killNext())");
    const failure = `(() => { try { ${repeated}() } catch (error) { return error.message } })()`;
    expect(await run(scope, failure)).toMatch(/a worker died/);
    expect(await run(scope, "getInstance() === broken")).toBe(false);
    await expectReference(scope);
    expect(await run(scope, oneWorkerUp(large))).toBe(1);
  },
);

chromiumTest(`in a worker of a page that is not isolated one thread runs${reason}`, async () => {
  const scope = await openWorker("plain");
  expect(await run(scope, "[crossOriginIsolated, setThreads(2), getThreads()]")).toEqual([
    false,
    undefined,
    1,
  ]);
  await expectReference(scope);
});

for (const [place, what] of [
  ["noBlobs", "workers from blobs"],
  ["noText", "workers from text"],
]) {
  chromiumTest(
    `where a policy forbids ${what}, one thread runs and a worker is tried once${reason}`,
    async () => {
      const scope = await openWorker(place);
      const count = "addEventListener('securitypolicyviolation', () => { denied++; })";
      await run(scope, `[globalThis.denied = 0, ${count}, setThreads(2)].length`);
      await run(scope, `${call("lstm", large)}.length`);
      await expect.poll(() => run(scope, "[denied, getThreads()]")).toEqual([1, 1]);
      await run(scope, `${call("lstm", large)}.length`);
      await expectReference(scope);
      expect(await run(scope, "[denied, getInstance().pool.started()]")).toEqual([1, 0]);
    },
  );
}

chromiumTest(
  `where a policy forbids WebAssembly the operations are composed${reason}`,
  async () => {
    const scope = await open("noWasm");
    expect(await run(scope, "isEngineSupported()")).toBe(false);
    await expectReference(scope);
  },
);

chromiumTest(
  `there a module that was compiled elsewhere runs, to the reference's numbers${reason}`,
  async () => {
    const scope = await open("noWasm");
    const handedOver = `new Promise((resolve) => {
      const worker = new Worker("/plain/compile.js");
      worker.onmessage = ({ data }) => resolve(setEngineModule(data));
      worker.postMessage(engineBytes());
    })`;
    await run(scope, handedOver);
    expect(await run(scope, "[isEngineSupported(), getThreads()]")).toEqual([true, 1]);
    await expectReference(scope);
    expect(await run(scope, "compiled")).toEqual([]);
  },
);
