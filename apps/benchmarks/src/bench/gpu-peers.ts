// `bench peers --gpu`: the same models on WebGPU here, and in cuDNN and JAX on the same GPU.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getThreads } from "@rnnkit/fused-rnn";
import { layers } from "@rnnkit/keras-builders";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { tableHead } from "../terminal/text-table.ts";
import type { Bench } from "./bench-session.ts";
import { sequences, values } from "./drawn-examples.ts";
import { adapterLines, type Gpu, startGpu } from "./gpu-device.ts";
import { modelGoals, predictions } from "./gpu-models.ts";
import type { ModelPlan } from "./model-folder.ts";
import { type GpuSystem, gpuSystems, type Peer, startPeer } from "./peer.ts";
import { compare, type PeerModel, type PeersOptions } from "./peers-bench.ts";
import { bestColumns, bestLine, type PeerRow, peerColumns, peerLine } from "./peers-table.ts";
import { ratioWords } from "./ratio.ts";
import type { Shape } from "./recurrent-ops.ts";
import { timedAsync } from "./rounds.ts";
import type { StepTimes } from "./step-bench.ts";
import { seededExamples, tutorialModels } from "./tutorial-models.ts";

/** What the layer that has a goal beside cuDNN is called, its batch apart. */
const layerSizes = {
  gpu: { B: 128, T: 100, I: 512, H: 512 },
  software: { B: 4, T: 5, I: 8, H: 8 },
} as const;

/** Times cuDNN without TF32 takes that are aimed at in that layer. */
const CUDNN_GOAL = 3;

const AGREEMENT = tolerances.models.predictions.ofLargest;
// TF32 has ten bits of a factor.
const TF32_AGREEMENT = 1e-2;

/** `bench peers --gpu`; says so, and ends, where there is no peer on a GPU. */
export async function benchGpuPeers(options: PeersOptions, bench: Bench<PeerRow>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-gpu-peers-"));
  const gpu = await startGpu();
  const peers: Peer[] = [];
  try {
    for (const line of adapterLines(gpu.adapter)) bench.line(line);
    peers.push(...(await startAll(options, bench)));
    if (peers.length === 0) {
      bench.line();
      bench.line(`no peer on a GPU in ${options.python}: nothing to compare with`);
      return;
    }
    await compareAll(folder, gpu, peers, options, bench);
  } finally {
    for (const peer of peers) peer.close();
    rmSync(folder, { recursive: true, force: true });
    await tf.setBackend("wasm");
  }
}

/** Those of the asked systems that start there; PyTorch twice, with TF32 and without. */
async function startAll(
  { python, systems, device = "gpu" }: PeersOptions,
  bench: Bench<PeerRow>,
): Promise<Peer[]> {
  // TF32 is a GPU's.
  const asked = (system: GpuSystem) =>
    systems.some((name) => system.startsWith(name)) &&
    (device === "gpu" || system !== "pytorch-tf32");
  const peers: Peer[] = [];
  for (const system of gpuSystems.filter(asked)) {
    const peer = await startPeer(python, system, getThreads(), device).catch((error: Error) => {
      bench.line(bench.colors.yellow(`left out  ${error.message}`));
    });
    if (peer) peers.push(system === "pytorch-tf32" ? { ...peer, isRough: true } : peer);
  }
  return peers;
}

const headLines = (batch: number): string[] => [
  `batch ${batch} but for the layer's own, milliseconds, medians; train: trainOnBatch, predict: predictOnBatch, read`,
  "the batch lies on the device; predictions and first losses agree, with TF32 to a hundredth",
];

async function compareAll(
  folder: string,
  gpu: Gpu,
  others: readonly Peer[],
  { models, seed, batch, rounds }: PeersOptions,
  bench: Bench<PeerRow>,
): Promise<void> {
  bench.line();
  for (const line of headLines(batch)) bench.line(bench.colors.dim(`  ${line}`));
  bench.line();
  bench.line(tableHead(peerColumns));
  const { isSoftware } = gpu.adapter;
  const layer = layerModel({ ...layerSizes[isSoftware ? "software" : "gpu"], dx: false });
  const chosen: { model: PeerModel; batchSize: number }[] = [
    layer,
    ...tutorialModels(seed)
      .filter(({ name }) => models.includes(name))
      .map((model) => ({ model, batchSize: batch })),
  ];
  const allowedOf = (peer: Peer) => (peer.isRough ? TF32_AGREEMENT : AGREEMENT);
  const compared: PeerRow[][] = [];
  for (const { model, batchSize } of chosen) {
    const ours = ownPeer(gpu, model, batchSize, seed);
    try {
      const of = { rounds, batch: batchSize, seed };
      await tf.setBackend("wasm");
      const rows = await compare(
        ...([join(folder, model.name), [ours, ...others], model, of, bench, allowedOf] as const),
      );
      if (rows.length === 0) break;
      for (const row of rows) {
        bench.record(row);
        bench.line(peerLine(row));
      }
      compared.push(rows);
    } finally {
      ours.close();
    }
  }
  bench.line();
  bench.line(bench.colors.bold("Ours / the best of the others"));
  bench.line(bench.colors.dim(`  ${ratioWords}; below 1 ours is the faster`));
  bench.line();
  bench.line(tableHead(bestColumns));
  for (const [ours] of compared) if (ours) bench.line(bestLine(ours));
  bench.line();
  for (const line of goalLines(layer.model.name, compared)) bench.line(line);
}

/** What is aimed at on an H200, beside what was measured. */
export function goalLines(layer: string, compared: readonly (readonly PeerRow[])[]): string[] {
  const of = (name: string) => compared.find(([ours]) => ours?.model === name) ?? [];
  const [ours, ...others] = of(layer);
  const cudnn = others.find(({ system }) => /cuDNN .*without TF32/.test(system));
  const ratio =
    ours?.trainMs && cudnn?.trainMs
      ? `${(ours.trainMs / cudnn.trainMs).toFixed(2)}x`
      : "not measured";
  const lines = [`goal  ${layer}, train: at most ${CUDNN_GOAL}x cuDNN without TF32; here ${ratio}`];
  for (const [name, { ms }] of Object.entries(modelGoals)) {
    const [own] = of(name);
    const here = own?.trainMs ? `${own.trainMs.toPrecision(3)} ms` : "not measured";
    lines.push(`goal  ${name}, train: at most ${ms} ms on an H200; here ${here}`);
  }
  return lines;
}

/** An LSTM of one size, with the Dense that gives it a loss. */
function layerModel({ B, T, I, H }: Shape): { model: PeerModel; batchSize: number } {
  const build = (): Sequential => {
    const model = sequential();
    model.add(layers.lstm({ units: H, inputShape: [T, I] }));
    model.add(layers.dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    return model;
  };
  return {
    batchSize: B,
    model: {
      name: `lstm_${B}x${T}x${I}x${H}`,
      fused: Object.assign(build, { builder: "sequential", args: [] }),
      compile: { optimizer: "adam", loss: "mse", metrics: [] },
      examples: sequences([T, I], values),
    },
  };
}

interface Question {
  do: string;
  [detail: string]: unknown;
}

/** The weights that a folder says a model begins with. */
function weightsOf(folder: string): tf.Tensor[] {
  const plan: ModelPlan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8"));
  return plan.weights.map(({ file, shape }) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, file));
    return tf.tensor(new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)), shape);
  });
}

/** Our side in this process, on the GPU; between its answers tfjs is on wasm. */
function ownPeer({ adapter }: Gpu, model: PeerModel, batchSize: number, seed: number): Peer {
  let opened: { model: Sequential; x: tf.Tensor; y: tf.Tensor } | undefined;
  const current = () => {
    if (!opened) throw new Error("bench peers: expected an opened model, got none");
    return opened;
  };
  const train = async () => {
    const { model: own, x, y } = current();
    return [await own.trainOnBatch(x, y)].flat()[0] as number;
  };
  const close = () => {
    opened?.model.dispose();
    if (opened) tf.dispose([opened.x, opened.y]);
    opened = undefined;
  };
  const answers: Record<string, (question: Question) => Promise<unknown>> = {
    async open({ folder }) {
      const own = model.fused();
      tf.tidy(() => own.setWeights(weightsOf(folder as string)));
      opened = { model: own, ...seededExamples(model, batchSize, seed) };
      return {};
    },
    predictions: async () => Array.from(await predictions(current())),
    loss: train,
    async steps({ steps: count }) {
      const times: StepTimes = { train: [], predict: [] };
      for (let i = 0; i < (count as number); i++) times.train.push(await timedAsync(train));
      for (let i = 0; i < (count as number); i++) {
        times.predict.push(await timedAsync(() => predictions(current())));
      }
      return times;
    },
  };
  return {
    name: `rnnkit, WebGPU${adapter.isSoftware ? " by software" : ""}`,
    async ask<Answer>(question: Question) {
      await tf.setBackend("webgpu");
      try {
        return (await answers[question.do]?.(question)) as Answer;
      } finally {
        await tf.setBackend("wasm");
      }
    },
    close,
  };
}
