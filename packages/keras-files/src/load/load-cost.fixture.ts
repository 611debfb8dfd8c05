// A process of its own that opens files and says what each of them cost.
// Usage: node load-cost.fixture.js files PATH...
//        node load-cost.fixture.js mutants SEED COUNT PATH...
import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { argv, cpuUsage, resourceUsage, stdout } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { loadKerasModel } from "../index.ts";

/** What opening a file took, and what came of it. */
export interface LoadCost {
  name: string;
  /** Seconds of all threads. */
  cpu: number;
  /** Megabytes that the process has at most had so far, beyond what it had at its start. */
  peak: number;
  /** The error, or the number of weights of the model. */
  result: string | number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Numbers from 0 to below **end**, the same for the same seed. */
function generator(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * end);
  };
}

/** Changes bytes as someone would who knows that addresses and sizes stand there. */
function mutated(bytes: Uint8Array, random: (end: number) => number): Uint8Array<ArrayBuffer> {
  const changed = new Uint8Array(bytes).slice(
    0,
    random(8) === 0 ? random(bytes.length) : bytes.length,
  );
  if (changed.length < 64) return changed;
  const view = new DataView(changed.buffer);
  const place = () => 8 * random(Math.floor(changed.length / 8) - 4);
  for (let left = 1 + random(6); left > 0; left--) {
    const at = place();
    const values = [0, 1, at, place(), changed.length, 2 ** 31, 2 ** 40, 255, random(65_536)];
    const value = values[random(values.length)]!;
    const how = random(5);
    if (how === 0) changed[at + random(8)] = random(256);
    else if (how === 1) view.setBigUint64(at, BigInt(value), true);
    else if (how === 2) view.setUint16(at + 2 * random(4), value % 65_536, true);
    else if (how === 3) view.setUint32(at + 4 * random(2), value % 2 ** 32, true);
    else changed.copyWithin(at, place(), place());
  }
  return changed;
}

/** Changes numbers, words and the order of parts of JSON. */
function mutatedText(text: string, random: (end: number) => number): string {
  const tokens = text.split(/(?<=[,:[{}\]])/);
  for (let left = 1 + random(4); left > 0; left--) {
    const [at, from] = [random(tokens.length), random(tokens.length)];
    const how = random(4);
    if (how === 0) tokens[at] = tokens[from]!;
    else if (how === 1) tokens.splice(at, 0, ...tokens.slice(from, from + random(40)));
    else if (how === 2) tokens.splice(at, random(5));
    else tokens[at] = tokens[at]!.replace(/\d+/, `${10 ** random(16)}`);
  }
  return tokens.join("");
}

function mutantOf(bytes: Uint8Array, random: (end: number) => number): Uint8Array {
  if (bytes[0] !== 0x50 || random(10) === 0) return mutated(bytes, random);
  const members = unzipSync(bytes);
  const { "model.weights.h5": weights, "config.json": config } = members;
  const changed: Record<string, Uint8Array<ArrayBuffer>> = {};
  if (random(2) === 0) changed["model.weights.h5"] = mutated(weights!, random);
  else changed["config.json"] = strToU8(mutatedText(strFromU8(config!), random));
  return zipSync({ ...members, ...changed }, { level: 0 });
}

async function costOf(name: string, bytes: Uint8Array, start: number): Promise<LoadCost> {
  const before = cpuUsage();
  let model: LayersModel | undefined;
  let result: string | number;
  try {
    model = await loadKerasModel(bytes, { onWarning: () => {} });
    result = model.weights.length;
  } catch (error) {
    result = error instanceof Error ? error.message : `no error, but ${error}`;
  }
  const { user, system } = cpuUsage(before);
  model?.dispose();
  const peak = resourceUsage().maxRSS / 1024 - start;
  return { name, cpu: (user + system) / 1e6, peak, result };
}

async function run(how: string, args: string[]): Promise<void> {
  const costs: LoadCost[] = [];
  // What is only compiled and made once counts for no file.
  const [seed, count, ...paths] = how === "files" ? [0, 0, ...args] : args;
  const files = (paths as string[]).map(
    (path) => [basename(path), new Uint8Array(readFileSync(path))] as const,
  );
  await costOf("", files[0]![1], 0);
  collect();
  const start = resourceUsage().maxRSS / 1024;
  if (how === "files") {
    for (const [name, bytes] of files) {
      costs.push(await costOf(name, bytes, start));
      collect();
    }
  } else {
    const random = generator(Number(seed));
    for (let i = 0; i < Number(count); i++) {
      const [name, bytes] = files[i % files.length]!;
      costs.push(await costOf(`${name}, mutant ${i}`, mutantOf(bytes, random), start));
    }
  }
  stdout.write(JSON.stringify(costs));
}

const [, script = "", how = "", ...args] = argv;
if (basename(script) === "load-cost.fixture.js") await run(how, args);
