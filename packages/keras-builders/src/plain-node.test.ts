import { execFile } from "node:child_process";
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { transpileModule } from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

// A project as a user has it: tfjs-core, tfjs-layers and one backend, no @tensorflow/tfjs, and Node's
// own module loader, which knows neither TypeScript nor bundlers.
const here = new URL(".", import.meta.url);
let project = "";

async function installOurs(name: string): Promise<void> {
  const from = new URL(`../../${name}/`, here);
  const to = join(project, "node_modules/@rnnkit", name);
  await mkdir(to, { recursive: true });
  await cp(new URL("package.json", from), join(to, "package.json"));
  const sources = (await readdir(new URL("src/", from), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  for (const file of sources) {
    const { outputText } = transpileModule(await readFile(new URL(`src/${file}`, from), "utf8"), {
      compilerOptions: { module: 99, target: 9, rewriteRelativeImportExtensions: true },
    });
    const built = join(to, "dist", file.replace(/\.ts$/, ".js"));
    await mkdir(dirname(built), { recursive: true });
    await writeFile(built, outputText);
  }
}

async function installTfjs(name: string): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve(`@tensorflow/${name}/package.json`);
  const to = join(project, "node_modules/@tensorflow");
  await mkdir(to, { recursive: true });
  await symlink(await realpath(join(manifest, "..")), join(to, name), "dir");
}

async function run(source: string): Promise<{ out: string; err: string }> {
  await writeFile(join(project, "main.mjs"), source);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["main.mjs"], {
    cwd: project,
  });
  return { out: stdout, err: stderr };
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "rnnkit-plain-node-"));
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  await Promise.all(["core-rnn", "fused-rnn", "keras-builders"].map(installOurs));
  const tfjs = ["tfjs-core", "tfjs-layers", "tfjs-backend-cpu", "tfjs-backend-wasm"];
  await Promise.all(tfjs.map(installTfjs));
});

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

test.each(["wasm", "cpu"])(
  "plain Node with tfjs-core, tfjs-layers and %s builds, prints, trains and predicts",
  async (backend) => {
    const { out, err } = await run(`
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-backend-${backend}";
    import { buildBidirectionalRnnModel, buildSentimentClassifier } from "@rnnkit/keras-builders";

    await tf.setBackend("${backend}");
    const x = tf.tensor2d([[1, 2, 3], [4, 5, 6], [1, 1, 2], [5, 6, 6]], [4, 3], "int32");
    const y = tf.tensor2d([[1], [0], [1], [0]]);
    const words = buildSentimentClassifier("gru", { vocabSize: 7, maxLen: 3, seed: 1, learningRate: 0.01 });
    words.summary();
    const { history } = await words.fit(x, y, { epochs: 10, verbose: 0 });
    console.log(JSON.stringify({ losses: history.loss, shape: words.predict(x).shape }));

    // More than 2000 elements: tfjs's own initializer would warn.
    const both = buildBidirectionalRnnModel([3, 1], 1);
    await both.fit(tf.reshape(x, [4, 3, 1]), y, { verbose: 0 });
  `);
    expect(out).toContain("gru_GRU1 (GRU)");
    const { losses, shape } = JSON.parse(out.trim().split("\n").at(-1)!);
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    expect(shape).toEqual([4, 1]);
    // tfjs prints its advertisement for tfjs-node; nothing else may be said.
    expect(err).not.toMatch(/Orthogonal|already registered|Error/);
  },
);

test("a saved model loads in plain Node with stock tfjs, once a layer of ours was made", async () => {
  const { out } = await run(`
    import * as tf from "@tensorflow/tfjs-core";
    import { loadLayersModel } from "@tensorflow/tfjs-layers";
    import "@tensorflow/tfjs-backend-cpu";
    import { buildStockForecaster } from "@rnnkit/keras-builders";

    const model = buildStockForecaster(3, { units: 4 });
    let saved;
    await model.save(tf.io.withSaveHandler(async (artifacts) => { saved = artifacts; return {}; }));
    const loaded = await loadLayersModel(tf.io.fromMemory(saved));
    const x = tf.ones([1, 3, 1]);
    const apart = model.predict(x).dataSync()[0] - loaded.predict(x).dataSync()[0];
    console.log(Math.abs(apart) < 1e-6);
  `);
  expect(out).toContain("true");
});

test("install() reaches tf.layers of ES modules and of CommonJS", async () => {
  const { out } = await run(`
    import { createRequire } from "node:module";
    import * as tfl from "@tensorflow/tfjs-layers";
    import { layers } from "@tensorflow/tfjs-layers";
    import "@tensorflow/tfjs-backend-cpu";
    import { install } from "@rnnkit/keras-builders";

    const before = layers.lstm;
    install();
    const required = createRequire(import.meta.url)("@tensorflow/tfjs-layers");
    const all = [layers, tfl.layers, tfl.default.layers, required.layers];
    console.log(all.every(({ lstm }) => lstm !== before && lstm === layers.lstm));
    console.log(layers.gru({ units: 1 }).getConfig().resetAfter);
  `);
  expect(out).toBe("true\ntrue\n");
});
