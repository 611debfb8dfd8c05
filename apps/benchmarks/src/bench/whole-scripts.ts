import { spawn } from "node:child_process";
import { once } from "node:events";
import { getThreads } from "@rnnkit/fused-rnn";
import { median } from "../statistics.ts";
import { type FitSystem, ownProgram, pythonProgram } from "./peer.ts";
import { type Ratio, ratioOf } from "./ratio.ts";

/** A program that trains and asks one model, from its start to its end. */
export interface WholeScript {
  system: string;
  program: string;
  args: string[];
}

/** One script on one model; milliseconds from the start of its process to the end, the median of the turns. */
export interface ScriptRow {
  model: string;
  system: string;
  turns: number;
  scriptMs: number;
  /** Ours / its; null of ours. */
  scriptRatio: Ratio | null;
}

/** Ours on the model in **folder**, on as many threads as this process uses. */
export function ownScript(system: string, folder: string, epochs: number): WholeScript {
  const [program, args] = ownProgram("whole-script.mjs");
  return { system, program, args: [...args, folder, String(epochs), String(getThreads())] };
}

/** Keras's; **name** is how the table calls it. */
export function kerasScript(
  { python, system, name }: { python: string; system: FitSystem; name: string },
  folder: string,
  epochs: number,
): WholeScript {
  const [program, args] = pythonProgram(python, "whole_script.py");
  return { system: name, program, args: [...args, system, folder, String(epochs)] };
}

/** Runs the scripts in turn, ours first, until each has had **turns**, or the signal says to stop. */
export async function timeScripts(
  model: string,
  scripts: readonly WholeScript[],
  turns: number,
  signal: AbortSignal,
): Promise<ScriptRow[]> {
  const times = scripts.map((): number[] => []);
  for (let turn = 0; turn < turns && !signal.aborted; turn++) {
    for (const [k, script] of scripts.entries()) times[k]?.push(await runScript(script));
  }
  const [ours = []] = times;
  if (ours.length === 0) return [];
  return scripts.map(({ system }, k) => {
    const its = times[k] as number[];
    const scriptRatio = k === 0 ? null : ratioOf(ours, its);
    return { model, system, turns: its.length, scriptMs: median(its), scriptRatio };
  });
}

/**
 * Milliseconds that a script's process lives.
 *
 * @throws Error with its last words when it fails, or ends without a loss that is a number
 */
export async function runScript({ system, program, args }: WholeScript): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let words = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-4000);
  });
  const [code] = (await once(child, "close")) as [number | null];
  const lived = performance.now() - startedAt;
  if (code === 0 && Number.isFinite(lossOf(said))) return lived;
  const last = (words.trim() || said.trim()).split("\n").at(-1);
  throw new Error(`bench fit: expected a loss from the script of ${system}, got: ${last}`);
}

/** The loss that a script's last line says; NaN of none. */
export function lossOf(said: string): number {
  try {
    const { loss } = JSON.parse(said.trim().split("\n").at(-1) as string);
    return typeof loss === "number" ? loss : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
