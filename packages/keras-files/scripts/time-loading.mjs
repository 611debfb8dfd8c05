// @ts-check
// Seconds and peak memory of opening a .keras file of 50 MB (Embedding 100,000 x 64, LSTM 512, Dense 10,000),
// each in a process of its own. Needs the packages built.
// Usage: node scripts/time-loading.mjs [cpu|wasm] [file.keras]
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, memoryUsage, resourceUsage, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { layers } from "@rnnkit/keras-builders";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { setBackend } from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";

const [, , backend = "cpu", given, child] = argv;

await setBackend(backend);
if (child) {
  const before = memoryUsage().rss;
  const start = performance.now();
  const model = await loadKerasModel(given);
  const seconds = (performance.now() - start) / 1000;
  const peak = resourceUsage().maxRSS * 1024 - before;
  stdout.write(JSON.stringify({ seconds, peak, parameters: model.countParams() }));
} else {
  const folder = await mkdtemp(join(tmpdir(), "rnnkit-"));
  try {
    const path = given ?? join(folder, "large.keras");
    if (!given) {
      const large = sequential({
        layers: [
          layers.embedding({ inputDim: 100_000, outputDim: 64, inputLength: 100 }),
          layers.lstm({ units: 512 }),
          layers.dense({ units: 10_000 }),
          layers.dense({ units: 1 }),
        ],
      });
      await saveKerasModel(large, path);
    }
    const { size } = await stat(path);
    for (let run = 0; run < 3; run++) {
      const arguments_ = [fileURLToPath(import.meta.url), backend, path, "child"];
      const { seconds, peak } = JSON.parse(
        execFileSync("node", arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      );
      const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(0);
      stdout.write(
        `${backend}: ${mib(size)} MiB in ${seconds.toFixed(2)} s, peak ${mib(peak)} MiB more (${(peak / size).toFixed(2)} x the file)\n`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
