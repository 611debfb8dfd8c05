// What is written for a model that Keras saved is, numbers apart, what Keras wrote.

import "@tensorflow/tfjs-backend-cpu";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { fileBytes, fileIds } from "../files.fixture.ts";
import { attributeText, outlineOf } from "../hdf5/outline.fixture.ts";
import { loadKerasModel, saveKerasModel, saveWeights } from "../index.ts";

// biome-ignore lint/suspicious/noExplicitAny: Keras's configs are open-ended JSON.
type Json = any;

/**
 * Keys that Keras writes and this package does not: ids by which Python shares objects, a help for
 * reading that no reader needs.
 */
const unwritten = ["shared_object_id"];

/** Every key of a config with the type of its value; lists by their items. */
function keysOf(value: Json, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each, i) => keysOf(each, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) {
    return [`${path}: ${value === null ? "null" : typeof value}`];
  }
  return Object.entries(value)
    .filter(([key]) => !unwritten.includes(key))
    .flatMap(([key, each]) => [`${path}.${key}`, ...keysOf(each, `${path}.${key}`)]);
}

const sorted = (json: string): string[] => keysOf(JSON.parse(json)).sort();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** jit_compile is written as the word that compile() takes by default, where Keras writes its outcome. */
const compared = (keys: string[]): string[] => keys.filter((key) => !key.includes("jit_compile: "));

test.each(fileIds)(
  "%s.keras: the members, config keys, groups, datasets and names of Keras's",
  async (id) => {
    const theirs = unzipSync(fileBytes(`${id}.keras`));
    const model = await loadKerasModel(fileBytes(`${id}.keras`));
    const ours = unzipSync(await saveKerasModel(model));
    model.dispose();
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    expect(sorted(text(ours["metadata.json"]))).toEqual(sorted(text(theirs["metadata.json"])));
    expect(compared(sorted(text(ours["config.json"])))).toEqual(
      compared(sorted(text(theirs["config.json"]))),
    );
    expect(await outlineOf(ours["model.weights.h5"]!)).toEqual(
      await outlineOf(theirs["model.weights.h5"]!),
    );
  },
);

test.each(fileIds)("%s.weights.h5: the groups, datasets and names of Keras's", async (id) => {
  const model = await loadKerasModel(fileBytes(`${id}.keras`));
  expect(await outlineOf(await saveWeights(model))).toEqual(
    await outlineOf(fileBytes(`${id}.weights.h5`)),
  );
  model.dispose();
});

test.each(fileIds)(
  "%s.h5: the attributes, groups, datasets and config keys of Keras's",
  async (id) => {
    const theirs = fileBytes(`${id}.h5`);
    const model = await loadKerasModel(theirs);
    const ours = await saveKerasModel(model, undefined, { format: "h5" });
    model.dispose();
    expect(await outlineOf(ours)).toEqual(await outlineOf(theirs));
    for (const name of ["model_config", "training_config"]) {
      if (name === "training_config" && id !== "file_lstm_gru_trained") continue;
      const [got, wanted] = [await attributeText(ours, name), await attributeText(theirs, name)];
      expect(compared(sorted(got))).toEqual(compared(sorted(wanted)));
    }
  },
);
