// tfjs's own model format on disk, for Node without tfjs-node.

import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { isArrayBuffer, isUrl } from "@rnnkit/core-rnn";
import { io } from "@tensorflow/tfjs-core";
import { writeAs } from "./atomic-write.ts";
import { placeOf } from "./file-place.ts";
import {
  checkSize,
  checkStrings,
  groupSize,
  type WeightsGroup,
  weightsGroups,
} from "./file-system-manifest.ts";
import { abandonedAfter, sweep, temporaryName } from "./temporary-file.ts";
import { expectFile, flushFolder, largestStep } from "./whole-file.ts";

const who = "fileSystem";
/** A string longer than this cannot be parsed, and no model's description is. */
const largestJson = 2 ** 28;
const ownEnding = /^\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.(bin|partial)$/;

/**
 * Saves a model to a folder and loads it from there, in tfjs's own format: *model.json*, and its
 * weights in a file beside it. For `model.save`, `tf.loadLayersModel` and `tf.loadGraphModel`, in
 * place of the `file://` that only tfjs-node knows. **path** is the folder, or the .json file in it,
 * under any name; relative ones start at the working directory.
 *
 * Saving is atomic: weights go to a file under a new name (*model.UUID.bin*), then a new model.json
 * takes the old one's place in one step, then the old weights go. After a crash, a full disk or a
 * power cut at any moment, and for whoever reads meanwhile, the folder holds the old model or the new
 * one, whole. So there must be room for both. Of two who save at once the later one wins. Files that
 * were not written here are never removed; unfinished ones of a process that was killed go with the next
 * save, weights that it had finished an hour later. The permissions of a model.json that stood there are
 * kept, for the weights too, and a symbolic link's target is written.
 *
 * Loading reads what tfjs, tfjs-node and tensorflowjs_converter write, in one file of weights or many.
 * A model is untrusted: paths and links that leave its folder, unknown types, and files of other sizes than
 * model.json says are refused before memory is taken for them.
 *
 * Reference: https://js.tensorflow.org/api/latest/#io
 *
 * @throws on an empty path; in `save` and `load`, for files that cannot be written, read or believed.
 * @example
 * await model.save(fileSystem("model"));
 * const same = await loadLayersModel(fileSystem("model"));
 */
export function fileSystem(path: string | URL): Required<io.IOHandler> {
  const json = jsonPath(path);
  return { save: (artifacts) => save(json, artifacts), load: () => load(json) };
}

function jsonPath(given: string | URL): string {
  const text = isUrl(given) ? given.href : given;
  const path = /^file:\/\/\//.test(text) ? fileURLToPath(text) : text;
  if (typeof path !== "string" || path === "" || /^\w{2,}:\/\//.test(path)) {
    const got = typeof text === "string" ? text || '""' : typeof given;
    throw new Error(`${who}: expected the path of a folder or a .json file, got ${got}`);
  }
  return path.endsWith(".json") ? path : join(path, "model.json");
}

async function save(json: string, artifacts: io.ModelArtifacts): Promise<io.SaveResult> {
  const { weightData, weightSpecs, getWeightStream: _, ...description } = artifacts;
  if (isArrayBuffer(description.modelTopology)) {
    throw new Error(`${who}: expected a model's topology as JSON, got an ArrayBuffer`);
  }
  const [folder, stem] = [dirname(json), basename(json, ".json")];
  const own = `${stem}.${randomUUID()}.bin`;
  const weights = weightData && [weightData].flat().map((buffer) => new Uint8Array(buffer));
  const weightsManifest = weights && weightsGroups(who, [{ paths: [own], weights: weightSpecs }]);
  if (weights) checkSize(who, weightsManifest![0]!, total(weights.map((part) => part.byteLength)));
  const text = new TextEncoder().encode(JSON.stringify({ ...description, weightsManifest }));
  if (text.byteLength > largestJson) {
    throw new Error(
      `${who}: expected at most ${largestJson} bytes of topology and metadata, got ${text.byteLength}`,
    );
  }
  let replaced: string[] = [];
  let target = json;
  try {
    await mkdir(folder, { recursive: true });
    const place = await placeOf(json);
    target = place.target;
    // Of a model.json that is not there, or not ours, nothing is replaced but itself.
    replaced = await ownWeights(json).catch(() => []);
    if (weights) await writeAs(join(folder, own), temporaryName(json), weights, place.mode);
    await flushFolder(folder);
    await writeAs(target, temporaryName(target), [text], place.mode);
  } catch (cause) {
    await rm(join(folder, own), { force: true }).catch(() => {});
    throw storageError(`expected to save a model in ${folder}`, cause);
  }
  // The new model is in place: whatever is left undone here, the next save does.
  await tidyUp(json, target, replaced).catch(() => {});
  return { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
}

/** Removes what the new model.json, once it is sure to stay, does not need. */
async function tidyUp(json: string, target: string, replaced: readonly string[]): Promise<void> {
  const folder = dirname(json);
  for (const each of new Set([folder, dirname(target)])) await flushFolder(each);
  for (const name of [...replaced, ...(await abandoned(json))]) {
    await rm(join(folder, name), { force: true });
  }
  for (const path of new Set([json, target])) await sweep(path);
}

/** Whether a file was named here, or by what was here before, for a model.json called **stem**. */
function isOwn(stem: string, name: string): boolean {
  return [stem, `.${stem}`].some(
    (start) => name.startsWith(start) && ownEnding.test(name.slice(start.length)),
  );
}

/** Names of the weights that a model.json written here refers to. */
async function ownWeights(json: string): Promise<string[]> {
  const { weightsManifest = [] } = JSON.parse(await readFile(json, "utf8")) as io.ModelJSON;
  const names = weightsGroups(who, weightsManifest).flatMap(({ paths }) => paths);
  return names.filter((name) => isOwn(basename(json, ".json"), name));
}

/** Names of files written here long ago for a model.json that does not refer to them. */
async function abandoned(json: string): Promise<string[]> {
  const [folder, stem] = [dirname(json), basename(json, ".json")];
  const used = await ownWeights(json);
  const names: string[] = [];
  for (const name of await readdir(folder)) {
    if (!isOwn(stem, name) || used.includes(name)) continue;
    const { mtimeMs } = await stat(join(folder, name));
    if (Date.now() - mtimeMs > abandonedAfter) names.push(name);
  }
  return names;
}

async function load(json: string): Promise<io.ModelArtifacts> {
  for (let text = await readText(json); ; ) {
    const description = parsed(json, text);
    try {
      return await io.getModelArtifactsForJSON(description, (manifest) =>
        readWeights(json, weightsGroups(`${who}: ${json}`, manifest)),
      );
    } catch (error) {
      // A model that was replaced between the reading of its description and its weights is no error.
      const now = await readText(json);
      if (now === text) throw error;
      text = now;
    }
  }
}

function parsed(json: string, text: string): io.ModelJSON {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${who}: expected JSON in ${json}, got ${(cause as Error).message}`, { cause });
  }
  const { modelTopology } = (value ?? {}) as Partial<io.ModelJSON>;
  if (typeof modelTopology === "object" && modelTopology !== null) return value as io.ModelJSON;
  const keys = Object.keys(value ?? {})
    .slice(0, 20)
    .join(", ");
  const got = Array.isArray(value) ? "a list" : `keys ${keys || "none"}`;
  throw new Error(`${who}: expected a modelTopology in ${json}, got ${got}`);
}

async function readText(json: string): Promise<string> {
  try {
    const size = await sizeOfFile(json);
    if (size > largestJson) {
      throw new Error(`${who}: expected at most ${largestJson} bytes in ${json}, got ${size}`);
    }
    return await readFile(json, "utf8");
  } catch (cause) {
    throw storageError(`expected a model in ${json}`, cause);
  }
}

/** The weights of all groups, a buffer for each file; sizes are compared before any is read. */
async function readWeights(
  json: string,
  groups: readonly WeightsGroup[],
): Promise<[io.WeightsManifestEntry[], ArrayBuffer[]]> {
  const folder = dirname(json);
  const sizes: number[][] = [];
  for (const group of groups) {
    const own: number[] = [];
    for (const path of group.paths) own.push(await sizeOfShard(folder, path));
    checkSize(`${who}: ${json}`, group, total(own));
    sizes.push(own);
  }
  const buffers: ArrayBuffer[] = [];
  for (const [i, group] of groups.entries()) {
    const own: ArrayBuffer[] = [];
    for (const [j, path] of group.paths.entries()) {
      own.push(await readShard(folder, path, sizes[i]![j]!));
    }
    if (!groupSize(group).exact) {
      checkStrings(`${who}: ${json}`, group, new Uint8Array(await new Blob(own).arrayBuffer()));
    }
    buffers.push(...own);
  }
  return [groups.flatMap(({ weights }) => weights), buffers];
}

async function sizeOfShard(folder: string, path: string): Promise<number> {
  try {
    return await sizeOfFile(await inside(folder, path));
  } catch (cause) {
    throw storageError(`expected weights in ${join(folder, path)}`, cause);
  }
}

async function sizeOfFile(path: string): Promise<number> {
  const found = await stat(path);
  expectFile(`${who}: expected ${path} to be a file`, found);
  return found.size;
}

/** Where a file of a folder really lies, which must be in it: a model is not believed where to read. */
async function inside(folder: string, path: string): Promise<string> {
  const [root, real] = [await realpath(folder), await realpath(join(folder, path))];
  const way = relative(root, real);
  if (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return real;
  throw new Error(
    `${who}: expected ${join(folder, path)} to lie in the model's folder, got a link to ${real}; copy the file there`,
  );
}

async function readShard(folder: string, path: string, size: number): Promise<ArrayBuffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(await inside(folder, path), "r");
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, Math.min(largestStep, size - at), at);
      if (bytesRead === 0) throw new Error(`${at} of ${size} bytes`);
      at += bytesRead;
    }
    return bytes.buffer;
  } catch (cause) {
    throw storageError(`expected to read ${join(folder, path)}`, cause);
  } finally {
    await file?.close();
  }
}

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "a file where a folder should be",
  EEXIST: "a file where a folder should be",
  EISDIR: "a folder where a file should be",
  ENOSPC: "no space left on the device",
  EDQUOT: "a disk quota that is used up",
  EFBIG: "no room for a file of that size",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "a read-only file system",
};

function storageError(expected: string, cause: unknown): Error {
  const { code, message } = cause as { code?: string; message?: string };
  if (message?.startsWith(`${who}: `)) return cause as Error;
  const got = code && Object.hasOwn(reasons, code) ? `${reasons[code]} (${code})` : message;
  return new Error(`${who}: ${expected}, got ${got}`, { cause });
}
