import "@tensorflow/tfjs-backend-cpu";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileSystem } from "./file-system.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rnnkit-manifest-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

type Manifest = tf.io.WeightsManifestConfig;
/** A model.json and its files as other tools write them. */
async function written(manifest: unknown, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(join(folder, "parts"), { recursive: true });
  const json = {
    modelTopology: {},
    weightsManifest: manifest,
    signature: { a: 1 },
    modelInitializer: {},
  };
  await writeFile(join(folder, "model.json"), JSON.stringify(json));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}
const bytes = (n: number, from = 0) => Uint8Array.from({ length: n }, (_, i) => from + i);
const weight = (name: string, shape: number[], more = {}) => ({
  name,
  shape,
  dtype: "float32",
  ...more,
});

test("shards that cut through numbers, groups, folders, quantized and string weights", async () => {
  const strings = Uint8Array.from([2, 0, 0, 0, 104, 105, 0, 0, 0, 0]);
  const quantization = { dtype: "uint8", scale: 0.5, min: -1 };
  const manifest = [
    {
      paths: ["a.bin", "parts/b.bin", "c.bin"],
      weights: [weight("one", [2, 2]), weight("two", [])],
    },
    {
      paths: ["d.bin", "e.bin"],
      weights: [weight("three", [3], { quantization }), weight("words", [2], { dtype: "string" })],
    },
  ] as Manifest;
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5).buffer);
  await written(manifest, {
    "a.bin": numbers.subarray(0, 7),
    "parts/b.bin": numbers.subarray(7, 14),
    "c.bin": numbers.subarray(14),
    "d.bin": bytes(3),
    "e.bin": strings,
  });
  const artifacts = await fileSystem(folder).load();
  expect(artifacts).toMatchObject({ signature: { a: 1 }, modelInitializer: {} });
  const decoded = tf.io.decodeWeights(artifacts.weightData!, artifacts.weightSpecs!);
  const values = Object.entries(decoded).map(([name, tensor]) => [name, [...tensor.dataSync()]]);
  expect(Object.fromEntries(values)).toEqual({
    one: [1, 2, 3, 4],
    two: [5],
    three: [-1, -0.5, 0],
    words: ["hi", ""],
  });
});

const one = (paths: unknown, weights: unknown = [weight("w", [2])]) => [{ paths, weights }];
test.each<[string, unknown, RegExp]>([
  ["an absolute path", one(["/etc/passwd"]), /stays in the model's folder, got "\/etc\/passwd"/],
  ["a path out of the folder", one(["parts/../../a.bin"]), /got "parts\/..\/..\/a.bin"/],
  ["Windows's way out", one(["..\\a.bin"]), /stays in the model's folder/],
  ["a drive", one(["C:a.bin"]), /stays in the model's folder/],
  ["a URL", one(["https://example.org/a.bin"]), /stays in the model's folder/],
  ["a NUL", one(["a.bin\0"]), /stays in the model's folder/],
  ["a path that is none", one([7]), /stays in the model's folder, got 7/],
  ["one file many times", one(["a.bin", "a.bin"], [weight("w", [4])]), /once, got a.bin again/],
  [
    "a missing file",
    one(["gone.bin"]),
    /weights in .*gone.bin, got no such file or folder \(ENOENT\)/,
  ],
  ["a folder for a file", one(["parts"]), /to be a file, got a folder/],
  [
    "a truncated file",
    one(["a.bin"], [weight("w", [3])]),
    /expected 12 bytes of weights in a.bin, got 8$/,
  ],
  ["a file that is too long", one(["a.bin"], [weight("w", [1])]), /expected 4 bytes .*, got 8$/],
  [
    "petabytes",
    one(["a.bin"], [weight("w", [2 ** 48])]),
    /expected 1125899906842624 bytes .*, got 8$/,
  ],
  [
    "an overflow",
    one(["a.bin"], [weight("w", [2 ** 30, 2 ** 30])]),
    /"w" of a shape of whole numbers/,
  ],
  ["a zero that hides one", one(["a.bin"], [weight("w", [0, 2 ** 40, 2 ** 40])]), /"w" of a shape/],
  ["a negative size", one(["a.bin"], [weight("w", [-2])]), /"w" of a shape .*, got \[-2\]/],
  [
    "no shape",
    one(["a.bin"], [{ name: "w", dtype: "float32" }]),
    /"w" of a shape .*, got undefined/,
  ],
  [
    "an unknown dtype",
    one(["a.bin"], [weight("w", [2], { dtype: "toString" })]),
    /dtype .*, got "toString"/,
  ],
  [
    "an unknown quantization",
    one(["a.bin"], [weight("w", [2], { quantization: { dtype: "int4" } })]),
    /quantized to .*, got "int4"/,
  ],
  ["no name", one(["a.bin"], [{ shape: [2], dtype: "float32" }]), /a weight with a name/],
  [
    "strings beyond the end",
    one(["a.bin"], [weight("w", [1], { dtype: "string" })]),
    /strings in a.bin to end after 8 bytes/,
  ],
  ["a manifest that is none", { paths: [] }, /weightsManifest to be a list of groups/],
  ["a group that is none", [null], /paths of a group to be a list/],
  ["no weights", one(["a.bin"], "w"), /weights of a group to be a list, got "w"/],
])("refused: %s", async (_, manifest, message) => {
  await written(manifest, { "a.bin": bytes(8, 1) });
  await expect(fileSystem(folder).load()).rejects.toThrow(message);
  await expect(fileSystem(folder).load()).rejects.toThrow(/^fileSystem: /);
});

test("a hostile model.json that is saved over makes nothing else go", async () => {
  const id = "00000000-0000-4000-8000-000000000000";
  const victim = `model.${id}.bin`;
  await mkdir(join(folder, "parts"), { recursive: true });
  const names = [`parts/model.${id}.bin`, `model./${victim}`];
  await written(one(names), { [names[0]!]: bytes(8) });
  await fileSystem(folder).save({ modelTopology: {} });
  expect([...(await readFile(join(folder, names[0]!)))]).toEqual([...bytes(8)]);
});
