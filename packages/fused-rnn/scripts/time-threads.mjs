// @ts-check
// From which size on a second thread pays: inference of LSTMs of growing length on one thread and on
// two, in turn, medians. `node packages/fused-rnn/scripts/time-threads.mjs`, after a build of core-rnn.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

// What it calls is no entry of the package, so it comes from source.
const source = await createServer({
  ...{ root: dirname(dirname(fileURLToPath(import.meta.url))), configFile: false },
  ...{ appType: "custom", server: { middlewareMode: true, ws: false, watch: null } },
});
const { getInstance, setThreads } = /** @type {typeof import("../src/wasm/instance.ts")} */ (
  await source.ssrLoadModule("/src/wasm/instance.ts")
);
const { forward } = /** @type {typeof import("../src/wasm/forward.ts")} */ (
  await source.ssrLoadModule("/src/wasm/forward.ts")
);

const [B, I, H] = [16, 32, 32];
const seconds = Number(process.argv[2] ?? 2);

setThreads(2);
const engine = getInstance();
const { run } = engine.pool;
let threads = 1;
engine.pool.run = (/** @type {import("../src/wasm/threads.ts").BlockWork} */ work) =>
  run(work, threads);

/** @param {number} n */
const numbers = (n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i) / 10);
/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

console.log(`LSTM, batch ${B}, ${I} inputs, ${H} units, inference\n`);
console.log(" steps   MFLOP   1 thread µs   2 threads µs   gain");
for (const T of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256]) {
  const data = {
    x: numbers(B * T * I),
    kernel: numbers(4 * I * H),
    recurrentKernel: numbers(4 * H * H),
  };
  /** @type {import("../src/wasm/arrays.ts").ForwardShape} */
  const shape = {
    ...{ cell: "lstm", B, T, I, H, activation: "tanh", recurrentActivation: "sigmoid" },
    ...{
      returnSequences: false,
      goBackwards: false,
      reverseOutputs: false,
      zeroOutputForMask: false,
    },
    ...{ masked: false, dropoutVariants: 0, training: false },
  };
  /** @type {number[][]} */
  const times = [[], []];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (threads = 1; threads <= 2; threads++) {
      // The first call wakes what has fallen asleep meanwhile; it is not counted.
      for (let i = 0; i < 6; i++) {
        const start = performance.now();
        forward(shape, data).release();
        if (i > 0) times[threads - 1]?.push(1000 * (performance.now() - start));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const [one, two] = [median(times[0] ?? []), median(times[1] ?? [])];
  const mflop = (8 * B * T * (I + H) * H) / 1e6;
  const cells = [String(T).padStart(6), mflop.toFixed(1).padStart(7)];
  cells.push(one.toFixed(1).padStart(13), two.toFixed(1).padStart(14));
  console.log(`${cells.join(" ")}   ${(one / two).toFixed(2)}x`);
}
process.exit(0);
