import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";
import { root } from "./packages.ts";

/** How a model learned, and what it then predicts. */
interface Trained {
  losses: number[];
  predicted: number[];
  /** How many there are after each epoch. */
  tensors: number[];
}

/** What the smoke program says. */
interface Smoke {
  name: string;
  line: string;
  candidates: { name: string; outcome: string; reason: string; ms?: number; probe?: string }[];
  forecast: Trained;
  sentiment: Trained;
  /** Predictions of the second model, saved and opened again. */
  reopened: number[];
  /** One call on two threads; not where there is a GPU. */
  large?: { threads: number; outputs: number[] };
}

/** A runtime: its program, and what stands before the file to run. */
export type Command = readonly [program: string, ...flags: string[]];

let runs = 0;

/** Runs the smoke program in one of the projects. */
export async function smoke(
  projectName: string,
  [program, ...flags]: Command = [process.execPath],
  options: object = {},
): Promise<Smoke> {
  const project = join(inject("projects"), projectName);
  const script = join(project, "smoke.mjs");
  copyFileSync(join(root, "internal", "consumer", "programs", "smoke.mjs"), script);
  const file = join(project, `smoke-${process.pid}-${runs++}.keras`);
  const args = [...flags, script, JSON.stringify(options), file];
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: project,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    timeout: 100_000,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
