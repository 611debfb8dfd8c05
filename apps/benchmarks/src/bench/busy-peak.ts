import { Worker } from "node:worker_threads";
import { median } from "../statistics.ts";
import type { PeakKernel } from "./peak.ts";

/** One core's matrix peak, GFLOP/s: while the others rest, and while they multiply matrices too. */
export interface BusyPeak {
  threads: number;
  alone: number;
  together: number;
}

const REST = 0;
const WORK = 1;
const END = 2;
const ROUNDS = 15;

// Multiplies for as long as it is told to, and counts itself among those that do.
const companion = `
const { workerData: { module, tiles, control } } = require("node:worker_threads");
const kernel = new WebAssembly.Instance(module, { env: { abort() {} } }).exports;
for (;;) {
  Atomics.wait(control, 0, ${REST});
  if (Atomics.load(control, 0) === ${END}) break;
  Atomics.add(control, 1, 1);
  while (Atomics.load(control, 0) === ${WORK}) kernel.peak(tiles);
  Atomics.sub(control, 1, 1);
}
`;

/**
 * What is left of a core's peak when **threads** cores work at once: cores of one machine share power,
 * cache and, on a rented one, more. Medians of rounds, alone and together in turn.
 */
export async function measureBusyPeak(peak: PeakKernel, threads: number): Promise<BusyPeak> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const { module, tiles } = peak;
  const workerData = { module, tiles, control };
  const workers = Array.from(
    { length: threads - 1 },
    () => new Worker(companion, { eval: true, workerData }),
  );
  const until = async (working: number) => {
    while (Atomics.load(control, 1) !== working) await new Promise((done) => setTimeout(done, 1));
  };
  const tell = (what: number) => {
    Atomics.store(control, 0, what);
    Atomics.notify(control, 0);
  };
  try {
    const alone: number[] = [];
    const together: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(peak.measure());
      tell(WORK);
      await until(workers.length);
      together.push(peak.measure());
      tell(REST);
      await until(0);
    }
    return { threads, alone: median(alone), together: median(together) };
  } finally {
    tell(END);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
