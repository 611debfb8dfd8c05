import type { Epoch } from "../results.ts";
import { median, quantile } from "../statistics.ts";
import {
  type CellName,
  COMPARISON_FORMAT,
  COMPARISON_VERSION,
  type Comparison,
  type Heat,
  type Lane,
  type StepTimes,
  type TrainedRun,
  type Variant,
} from "./schema.ts";

/** A finished comparison with made-up figures, for tests of what reads one. **speed** divides all times. */
export function sampleComparison(speed = 1): Comparison {
  const cells = ["lstm", "gru"] as const;
  return {
    format: COMPARISON_FORMAT,
    schemaVersion: COMPARISON_VERSION,
    status: "complete",
    startedAt: "2026-01-02T03:04:05.678Z",
    updatedAt: "2026-01-02T03:06:05.678Z",
    code: {
      commit: "0123456789abcdef0123456789abcdef01234567",
      digest: "a".repeat(64),
      packages: { "@rnnkit/fused-rnn": "0.1.0", "@tensorflow/tfjs-core": "4.22.0" },
    },
    task: {
      name: "sunspots",
      title: "Sunspots, yearly",
      kind: "series",
      synthetic: false,
      digest: "b".repeat(64),
      examples: { train: 225, test: 62, steps: 22, features: 1 },
      measure: "rmse",
      unit: "sunspot number, mean of the year",
      lossUnit: 190.2,
      baselines: { "last value": 31.2, "own deviation": 48.9 },
    },
    settings: {
      ...{ units: 32, batchSize: 16, epochs: 3, learningRate: 0.005, optimizer: "adam" },
      rounds: 5,
    },
    axes: {
      models: ["single"],
      cells: [...cells],
      implementations: ["fused", "stock"],
      backends: ["wasm", "cpu", "webgpu"],
      threads: [1, 2],
      seeds: [1, 2],
    },
    machines: [
      {
        ...{ id: "1f2e3d4c", node: "20.20.2", platform: "linux x64, 6.1", cpu: "A processor" },
        ...{ logicalCores: 2, memoryGiB: 8, simd: "relaxed", adapter: null },
      },
    ],
    heats: cells.map((cell) => sampleHeat(cell, speed)),
    runs: cells.flatMap((cell) =>
      variantsOf(cell).flatMap((variant, i) =>
        [1, 2].map((seed) => sampleRun(variant, 5 * (i + 1), seed, speed)),
      ),
    ),
  };
}

function variantsOf(cell: CellName): Variant[] {
  const fused = { model: "single", cell, implementation: "fused" } as const;
  const stock = { model: "single", cell, implementation: "stock" } as const;
  return [
    { ...fused, backend: "wasm", threads: 1 },
    { ...fused, backend: "wasm", threads: 2 },
    { ...stock, backend: "wasm", threads: null },
    { ...stock, backend: "cpu", threads: null },
    { ...fused, backend: "webgpu", threads: null },
  ];
}

function keyOf({ model, cell, implementation, backend, threads }: Variant): string {
  return [model, cell, implementation, backend, ...(threads === null ? [] : [threads])].join("/");
}

function sampleHeat(cell: CellName, speed: number): Heat {
  const base = cell === "gru" ? 1.2 : 1;
  return {
    key: `single/${cell}`,
    model: "single",
    cell,
    machine: "1f2e3d4c",
    startedAt: "2026-01-02T03:04:06.000Z",
    seconds: 4.2,
    lanes: variantsOf(cell).map((variant, i): Lane => {
      const ms = (base * [1.1, 0.8, 12, 85, 0][i]!) / speed;
      const common = { ...variant, key: keyOf(variant) };
      const reason = "webgpu: no GPU adapter";
      if (ms === 0) {
        return { ...common, outcome: "cannot", reason, check: null, train: null, predict: null };
      }
      return {
        ...common,
        ...{ outcome: "measured", reason: null, check: sampleCheck },
        train: sampleTimes(ms),
        predict: sampleTimes(ms / 4),
      };
    }),
  };
}

const sampleCheck = {
  ...{ against: "stock layers on cpu", predictions: 2e-7, loss: 1e-7, gradients: 3e-6 },
  allowed: { outputs: 1e-4, gradients: 1e-3 },
};

function sampleTimes(ms: number): StepTimes {
  const samplesMs = [0.97, 1.02, 1, 1.3, 0.99].map((factor) => ms * factor);
  return {
    samplesMs,
    medianMs: median(samplesMs),
    lowMs: quantile(samplesMs, 0.25),
    highMs: quantile(samplesMs, 0.75),
  };
}

function sampleRun(variant: Variant, ms: number, seed: number, speed: number): TrainedRun {
  const common = {
    ...variant,
    key: `${keyOf(variant)}/seed-${seed}`,
    seed,
    machine: "1f2e3d4c",
    startedAt: "2026-01-02T03:05:00.000Z",
  };
  if (variant.backend === "webgpu") {
    return {
      ...common,
      ...{ outcome: "cannot", reason: "webgpu: no GPU adapter", check: null, summary: null },
      ...{ epochs: [], trainSeconds: 0, quality: null },
    };
  }
  const epochs = [1, 2, 3].map(
    (epoch): Epoch => ({
      ...{ epoch, steps: 15, plannedSteps: 15, seconds: (ms * 15) / 1000 / speed },
      ...{ loss: 0.02 / epoch + seed / 1000, accuracy: null },
      ...{ validationLoss: 0.03 / epoch + seed / 1000, validationAccuracy: null },
    }),
  );
  return {
    ...common,
    ...{ outcome: "measured", reason: null },
    check: sampleCheck,
    summary: {
      ...{ builder: "single lstm, fused", layers: ["LSTM(32)", "Dense(1)"], parameters: 4385 },
      ...{ loss: "meanSquaredError", optimizer: "Adam" },
    },
    epochs,
    trainSeconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
    quality: { test: 24 + seed + (variant.cell === "gru" ? 1 : 0), train: 20, testLoss: 0.01 },
  };
}
