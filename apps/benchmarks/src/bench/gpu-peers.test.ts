import { expect, test } from "vitest";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runBench } from "./bench-session.ts";
import { gpuForTests } from "./gpu.fixture.ts";
import { benchGpuPeers, goalLines } from "./gpu-peers.ts";
import { peerRows } from "./peers-bench.ts";
import type { PeerRow } from "./peers-table.ts";

test("goals stand beside what was measured: cuDNN's without TF32, and ours in milliseconds", () => {
  const rows = [
    peerRows("lstm_big", [
      { system: "ours", train: [6], predict: [1] },
      { system: "PyTorch 2, cuDNN 9, with TF32", train: [1], predict: [1] },
      { system: "PyTorch 2, cuDNN 9, without TF32", train: [2.4], predict: [1] },
    ]),
    peerRows("imdb_lstm", [{ system: "ours", train: [1.5], predict: [1] }]),
  ];
  expect(goalLines("lstm_big", rows)).toEqual([
    "goal  lstm_big, train: at most 3x cuDNN without TF32; here 2.50x",
    "goal  imdb_lstm, train: at most 2 ms on an H200; here 1.50 ms",
  ]);
  expect(goalLines("lstm_big", []).join()).toMatch(/here not measured.*here not measured/);
});

const python = process.env.RNNKIT_KERAS_PYTHON;
const gpu = python ? await gpuForTests() : undefined;

test.skipIf(!gpu)(
  "a layer on the device stands beside PyTorch's, from the same weights, once its numbers agree",
  async () => {
    const rows: PeerRow[] = [];
    const terminal = memoryTerminal();
    await runBench<PeerRow>({ command: "bench peers", terminal, options: {} }, (bench) =>
      benchGpuPeers(
        {
          ...{ python: python!, systems: ["pytorch"], models: [], rounds: 1, batch: 2 },
          ...{ gpu: true, device: "cpu", seed: 1 },
        },
        { ...bench, record: (row) => rows.push(row) },
      ),
    );
    if (terminal.text.out.includes("left out  pytorch")) return;
    const [ours, torch] = rows;
    expect(rows.length).toBe(2);
    expect(ours!.system).toMatch(/^rnnkit, WebGPU/);
    expect(torch!.system).toMatch(/^PyTorch .* threads?$/);
    expect(torch!.ratio.train).toBeAllclose(torch!.trainMs! / ours!.trainMs!, { rtol: 1e-9 });
    expect(terminal.text.out).toMatch(/goal {2}lstm_.*here not measured/);
  },
  120_000,
);
