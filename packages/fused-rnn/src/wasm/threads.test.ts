import type { CellKind } from "@rnnkit/core-rnn";
import { cellKinds, cellTable, seededRandom } from "@rnnkit/core-rnn";
import { afterEach, expect, onTestFinished, test } from "vitest";
import type { ForwardShape } from "./arrays.ts";
import { backward, gradientOf } from "./backward.ts";
import { mortalWorkers } from "./dying-worker.fixture.ts";
import { forward } from "./forward.ts";
import { createInstance, getInstance, getThreads, setThreads } from "./instance.ts";
import { releaseSavedCall } from "./saved-call.ts";

afterEach(() => setThreads(2));

const usual = { B: 48, T: 100, I: 24, H: 32 };

function callOf(
  cell: CellKind,
  training = true,
  { B, T, I, H } = usual,
): [ForwardShape, Parameters<typeof forward>[1]] {
  const random = seededRandom(3);
  const fill = (n: number) => Float32Array.from({ length: n }, () => random.normal() * 0.3);
  const { gates, biasRows } = cellTable[cell];
  const G = gates.length;
  return [
    {
      ...{ cell, B, T, I, H, activation: "tanh", recurrentActivation: "sigmoid", training },
      ...{ returnSequences: true, goBackwards: false, reverseOutputs: false },
      zeroOutputForMask: false,
      ...{ masked: false, dropoutVariants: 0 },
    },
    {
      x: fill(B * T * I),
      kernel: fill(I * G * H),
      recurrentKernel: fill(H * G * H),
      bias: fill(biasRows * G * H),
    },
  ];
}

/** Everything a training call makes, as bits. */
function everything(cell: CellKind, sizes = usual): number[][] {
  const [shape, data] = callOf(cell, true, sizes);
  const { outputs, state, saved, release } = forward(shape, data);
  const bits = (a: Float32Array) => [...new Int32Array(a.slice().buffer)];
  const results = [outputs, ...state].map(bits);
  const dOutputs = outputs.slice();
  release();
  if (!saved) throw new Error("expected a saved");
  backward(saved, { outputs: dOutputs }, true);
  for (const name of ["x", "kernel", "recurrentKernel", "bias"] as const) {
    results.push(bits(gradientOf(saved, name)));
  }
  releaseSavedCall(saved);
  return results;
}

/** Gives workers time to come up: they do not keep a call waiting. */
async function workersUp(count: number) {
  const [shape, data] = callOf("lstm", false);
  while (getInstance().pool.started() < count) {
    forward(shape, data).release();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.each(cellKinds)("%s gives the same bits on 1, 2, 3 and 8 threads", async (cell) => {
  setThreads(1);
  const one = everything(cell);
  for (const threads of [2, 3, 8]) {
    setThreads(threads);
    expect(getThreads()).toBe(threads);
    // 48 rows are six blocks, so at most five workers find something to do.
    await workersUp(Math.min(threads, 6) - 1);
    for (let run = 0; run < 3; run++) expect(everything(cell)).toEqual(one);
  }
});

test("gradients whose rows are long have the same bits on 1 and 2 threads", async () => {
  const sizes = { B: 66, T: 5, I: 24, H: 148 };
  setThreads(1);
  const one = everything("lstm", sizes);
  setThreads(2);
  await workersUp(1);
  for (let run = 0; run < 3; run++) expect(everything("lstm", sizes)).toEqual(one);
});

test("a worker that dies in a block fails that call, and the next call works", async () => {
  setThreads(1);
  const one = everything("lstm");
  const { killNext, restore } = mortalWorkers();
  onTestFinished(restore);
  setThreads(2);
  await workersUp(1);
  const broken = getInstance();
  killNext();
  expect(() => {
    for (let call = 0; call < 50; call++) everything("lstm");
  }).toThrow(/worker/);
  expect(getInstance()).not.toBe(broken);
  expect(everything("lstm")).toEqual(one);
});

test("a worker that is ended between calls costs nothing", async () => {
  setThreads(2);
  const two = everything("lstm");
  await workersUp(1);
  getInstance().pool.close();
  getInstance().pool = getInstance().freshPool();
  expect(everything("lstm")).toEqual(two);
});

test("10,000 calls leave the heap at its mark", () => {
  const [shape, data] = callOf("gruAfter");
  const small = { ...shape, B: 2, T: 2 };
  const { heap } = getInstance();
  const mark = heap.used();
  for (let call = 0; call < 10_000; call++) {
    const { saved, release } = forward(small, { ...data, x: data.x!.subarray(0, 2 * 2 * usual.I) });
    release();
    if (!saved) throw new Error("expected a saved");
    backward(saved, {}, false);
    releaseSavedCall(saved);
  }
  expect(heap.used()).toBe(mark);
});

test("an engine with memory of its own, unshared, gives the same bits", () => {
  const { kernels, heap } = createInstance(false);
  const address = heap.allocate(64);
  heap.f32().set([0.5, -1, 2, 100], address / 4);
  kernels.activateBuffer(1, address, 4);
  const shared = getInstance();
  const other = shared.heap.allocate(64);
  shared.heap.f32().set([0.5, -1, 2, 100], other / 4);
  shared.kernels.activateBuffer(1, other, 4);
  const four = (engine: typeof shared, at: number) => [
    ...engine.heap.f32().slice(at / 4, at / 4 + 4),
  ];
  expect(four(shared, other)).toEqual([...heap.f32().slice(address / 4, address / 4 + 4)]);
  shared.heap.release(other);
});

test("setThreads refuses what is no number of threads", () => {
  for (const count of [0, -1, 1.5, 257, Number.NaN]) {
    expect(() => setThreads(count)).toThrow(
      `setThreads: expected an integer from 1 to 256, got ${count}`,
    );
  }
});
