import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectBackend } from "@rnnkit/backend-select";
import { getThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AGREEMENT, relativeError } from "./agreement.ts";
import { disagreement, epochAgreement } from "./model-agreement.ts";
import { type ModelPlan, writeModelFolder } from "./model-folder.ts";
import { type Peer, startOurselves, startPeer } from "./peer.ts";
import type { StepTimes } from "./step-bench.ts";
import { seededExamples, type TutorialModel, tutorialModels } from "./tutorial-models.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-own-peer-"));
const named = (name: string) => tutorialModels(1).find((model) => model.name === name)!;
const model = named("stock_forecaster");
const sizes = { batches: 3, batchSize: 4, seed: 5 };
let peer: Peer;

beforeAll(async () => {
  await selectBackend({ require: "wasm" });
  await writeModelFolder(join(folder, model.name), model, sizes);
  peer = await startOurselves();
  await peer.ask({ do: "open", folder: join(folder, model.name) });
});

afterAll(() => {
  peer.close();
  rmSync(folder, { recursive: true });
});

const planOf = ({ name }: TutorialModel): ModelPlan =>
  JSON.parse(readFileSync(join(folder, name, "plan.json"), "utf8"));

test("the folder has the model's weights and examples, bit for bit, and which layer owns which", () => {
  const plan = planOf(model);
  const read = (file: string) => {
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, model.name, file));
    return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  };
  const built = model.fused();
  const weights = built.getWeights();
  expect(plan.weights.map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));
  for (const [k, weight] of weights.entries()) {
    expect(read(plan.weights[k]!.file)).toEqual(weight.dataSync());
  }
  expect(plan.layers.map(({ kind, weights: count }) => [kind, count])).toEqual([
    ["LSTM", 3],
    ["Dense", 2],
  ]);
  const { x, y } = seededExamples(model, 12, sizes.seed);
  expect([read("x.bin"), plan.x.shape]).toEqual([x.dataSync(), x.shape]);
  expect([read("y.bin"), plan.y.shape]).toEqual([y.dataSync(), y.shape]);
  tf.dispose([x, y]);
  built.dispose();
});

test("our own process predicts the first batch as this one does, on as many threads", async () => {
  const built = model.fused();
  const { x, y } = seededExamples(model, 12, sizes.seed);
  const expected = tf.tidy(() => (built.predict(tf.slice(x, 0, 4)) as tf.Tensor).dataSync());
  // It multiplies and adds in one rounding, where Node's flag is needed for that and vitest has not set it.
  const error = relativeError(await peer.ask<number[]>({ do: "predictions" }), expected);
  expect(error).toBeLessThan(AGREEMENT);
  expect(peer.name).toBe(`rnnkit, ${getThreads()} thread${getThreads() === 1 ? "" : "s"}`);
  tf.dispose([x, y]);
  built.dispose();
});

test("so many steps have so many times", async () => {
  const { train, predict } = await peer.ask<StepTimes>({ do: "steps", steps: 3 });
  expect([train.length, predict.length]).toEqual([3, 3]);
  expect(Math.min(...train, ...predict)).toBeGreaterThan(0);
});

test("a fit answers after each epoch, waits to be told to go on, and then says what its end took", async () => {
  const first = await peer.ask<{ ms: number; loss: number }>({ do: "fit", epochs: 2 });
  const waited = 300;
  await new Promise((done) => setTimeout(done, waited));
  const startedAt = performance.now();
  const second = await peer.ask<{ ms: number; loss: number }>({ do: "go" });
  // What it waited is not in its time.
  expect(second.ms).toBeLessThanOrEqual(performance.now() - startedAt + 1);
  for (const { ms, loss } of [first, second]) {
    expect(ms).toBeGreaterThan(0);
    expect(loss).toBeGreaterThan(0);
  }
  expect(Object.keys(await peer.ask<object>({ do: "go" }))).toEqual(["ms"]);
});

test("opened again, a model has the weights it began with", async () => {
  const open = () => peer.ask({ do: "open", folder: join(folder, model.name) });
  await open();
  const before = await peer.ask({ do: "losses", epochs: 2 });
  expect(await peer.ask({ do: "losses", epochs: 2 })).not.toEqual(before);
  await open();
  expect(await peer.ask({ do: "losses", epochs: 2 })).toEqual(before);
});

/** The peer itself, with another answer to one question. */
const changed = (what: string, change: (answer: number[]) => unknown): Peer => ({
  ...{ name: "another", close() {} },
  ask: async <Answer>(question: { do: string }) => {
    const answer = await peer.ask<number[]>(question);
    return (question.do === what ? change(answer) : answer) as Answer;
  },
});

test("who predicts or loses otherwise is named, and what; who does not train has no loss", async () => {
  const at = join(folder, model.name);
  const open = () => peer.ask({ do: "open", folder: at });
  const others: [Peer, RegExp][] = [
    [
      changed("predictions", ([first = 0, ...rest]) => [first + 1, ...rest]),
      /expected predictions of stock_forecaster within 0\.0001 of another's, got \d/,
    ],
    [changed("predictions", (all) => all.slice(1)), /expected predictions .* got NaN/],
  ];
  for (const [other, words] of others) {
    await open();
    expect(await disagreement(model, [peer, other])).toMatch(words);
    expect((await epochAgreement(model, [peer, other], at)).wrong).toMatch(words);
  }
  await open();
  expect(await disagreement(model, [peer, changed("loss", () => null)])).toBeNull();
});

test("an epoch's loss in order is beside the first's, and one that is two percent off is refused", async () => {
  const at = join(folder, model.name);
  // One process stands for two, each with a training of its own.
  const another = (factor: number): Peer => ({
    ...{ name: "another", close() {} },
    async ask<Answer>(question: { do: string }) {
      if (question.do !== "losses") return await peer.ask<Answer>(question);
      await peer.ask({ do: "open", folder: at });
      const losses = await peer.ask<number[]>(question);
      return losses.map((loss) => factor * loss) as Answer;
    },
  });
  const beside = (factor: number, about: TutorialModel = model) =>
    epochAgreement(about, [peer, another(factor)], at);
  expect(await beside(1)).toEqual({ wrong: null, lossErrors: [0, 0] });
  expect((await beside(1.001)).lossErrors[1]).toBeCloseTo(0.001, 6);
  expect((await beside(1.02)).wrong).toMatch(
    /expected an epoch's loss of stock_forecaster within 0\.01 of another's, got 0\.0[12]/,
  );
  expect((await beside(Number.NaN)).wrong).toMatch(/got NaN off/);
  const drawing = { ...model, dropout: true };
  expect(await beside(1.02, drawing)).toEqual({ wrong: null, lossErrors: [null, null] });
});

const python = process.env.RNNKIT_KERAS_PYTHON;

test.skipIf(!python)(
  "Keras and ONNX Runtime agree on a model with a mask, and PyTorch refuses it, where Python has them",
  async () => {
    const masked = named("variable_length_model");
    const at = join(folder, masked.name);
    await writeModelFolder(at, masked, sizes);
    await peer.ask({ do: "open", folder: at });
    const peers = [peer];
    for (const system of ["keras-jax", "onnxruntime", "pytorch"] as const) {
      const other = await startPeer(python!, system, 1).catch(() => null);
      if (!other) continue;
      const { refused } = await other.ask<{ refused?: string }>({ do: "open", folder: at });
      expect(refused).toBe(system === "pytorch" ? "it has no masks" : undefined);
      if (refused) other.close();
      else peers.push(other);
    }
    expect(peers.length).toBeGreaterThan(1);
    expect(await disagreement(masked, peers)).toBeNull();
    for (const other of peers.slice(1)) other.close();
  },
  300_000,
);
