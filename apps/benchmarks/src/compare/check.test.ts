import { layers, sgd } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { createProgress } from "../terminal/progress.ts";
import { type BuildModel, buildModel } from "./models.ts";
import { performJob } from "./perform-job.ts";
import { jobsOf } from "./plan.ts";
import {
  type Axes,
  cellNames,
  implementationNames,
  modelNames,
  type Settings,
  type TrainedRun,
} from "./schema.ts";
import { loadTask } from "./task.ts";
import { admit, openWorkplace, type Workplace } from "./workplace.ts";

const progress = createProgress(memoryTerminal());
const { signal } = new AbortController();
const settings: Settings = {
  ...{ units: 5, batchSize: 16, epochs: 1, learningRate: 0.01, optimizer: "adam", rounds: 1 },
};
const request = { kind: "series", name: "sine", timesteps: 6 } as const;
const loaded = await loadTask(request, { progress, signal });
const place = (build: BuildModel = buildModel): Workplace => ({
  ...openWorkplace({ loaded, settings, progress, signal }),
  build,
});
const axes: Axes = {
  ...{ models: ["single"], cells: ["lstm"], implementations: ["fused"] },
  ...{ backends: ["wasm"], threads: [1], seeds: [1] },
};

const perform = async (of: Partial<Axes>, build?: BuildModel, kind = "heat") => {
  const job = jobsOf({ ...axes, ...of }).find((job) => job.kind === kind)!;
  const result = (await performJob(job, place(build)))!;
  return result.kind === "heat" ? result.heat.lanes : [result.run];
};

test("all cells in both implementations, one layer and two, agree with the reference", async () => {
  const { known, ...rest } = place();
  for (const job of jobsOf({ ...axes, models: [...modelNames], cells: [...cellNames] })) {
    if (job.kind === "run") continue;
    for (const implementation of implementationNames) {
      const [variant] = job.variants.map((fused) => ({ ...fused, implementation }));
      const { check, refusal } = await admit(variant!, { known, ...rest });
      expect([job.key, implementation, refusal]).toEqual([job.key, implementation, null]);
      // Where predictions nearly are the targets, stock layers of two backends are 3e-5 apart; else all are below 1e-6.
      expect(check!.gradients).toBeLessThan(2e-4);
    }
  }
});

const { learningRate } = settings;
const withFault =
  (layer: object, loss: "meanSquaredError" | "meanAbsoluteError"): BuildModel =>
  (variant, problem, seed) => {
    const { steps, units } = problem;
    const model = sequential({
      layers: [
        layers.lstm({ units, inputShape: [steps, 1], seed, ...layer }),
        layers.dense({ units: 1, seed }),
      ],
    });
    const rate = problem.optimizer === "sgd" ? problem.learningRate : learningRate;
    model.compile({ optimizer: sgd({ learningRate: rate }), loss });
    expect(variant.cell).toBe("lstm");
    return model;
  };

test.each<[string, BuildModel, RegExp]>([
  [
    "tfjs's old gates",
    withFault({ recurrentActivation: "hardSigmoid" }, "meanSquaredError"),
    /^expected predictions within 0\.0001 of stock layers on cpu, got .* off$/,
  ],
  ["another loss", withFault({}, "meanAbsoluteError"), /^expected the loss within/],
  [
    "a step that is not the gradient's",
    withFault({ recurrentConstraint: "nonNeg" }, "meanSquaredError"),
    /^expected gradients within 0\.001 of stock layers on cpu, got .* off$/,
  ],
])(
  "a variant with %s is recorded as wrong, and neither timed nor trained",
  async (_, build, reason) => {
    const [lane] = await perform({}, build);
    expect(lane).toMatchObject({ outcome: "wrong", reason: expect.stringMatching(reason) });
    expect(lane).toMatchObject({ train: null, predict: null });
    const [run] = await perform({}, build, "run");
    expect(run).toMatchObject({ outcome: "wrong", epochs: [], quality: null });
  },
);

test("a fault that throws ends its own lane alone; a backend that is not there is a reason", async () => {
  const build: BuildModel = (variant, ...rest) => {
    if (variant.implementation === "stock") throw new Error("no such layer");
    return buildModel(variant, ...rest);
  };
  const lanes = await perform(
    { implementations: ["fused", "stock"], backends: ["wasm", "tfjs-node-gpu"] },
    build,
  );
  expect(lanes.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["measured", null],
    ["cannot", expect.stringMatching(/tfjs-node-gpu is required and cannot be had: not installed/)],
    ["failed", "no such layer"],
    ["cannot", expect.stringMatching(/not installed/)],
  ]);
});

test("fused and stock layers learn the same from the same seed, and other numbers from another", async () => {
  const testOf = async (of: Partial<Axes>) => {
    const [run] = await perform(of, undefined, "run");
    return (run as TrainedRun).quality!.test;
  };
  const fused = await testOf({});
  expect(await testOf({ threads: [2] })).toBe(fused);
  expect(await testOf({ implementations: ["stock"] })).toBeCloseTo(fused, 5);
  expect(Math.abs((await testOf({ seeds: [2] })) - fused)).toBeGreaterThan(1e-3);
});
