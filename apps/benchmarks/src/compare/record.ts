import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../output.ts";
import { stringifyJson } from "../results.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { codeName } from "./code.ts";
import type { JobResult } from "./perform-job.ts";
import { jobsAsked, joinAxes, missingJobs, withRequest } from "./plan.ts";
import { readComparison } from "./read-comparison.ts";
import {
  COMPARISON_FORMAT,
  COMPARISON_VERSION,
  type Code,
  type Comparison,
  type Machine,
} from "./schema.ts";

/** What a comparison is of: numbers of others stand in another file. */
export type Subject = Pick<Comparison, "code" | "task" | "settings" | "axes">;

/** What the file of a task is called. */
export function comparisonName(task: Comparison["task"]["name"]): string {
  return `compare-${task}.json`;
}

/** The file of a comparison, written after each result. */
export interface ComparisonFile {
  path: string;
  comparison: Comparison;
  /** How many results it had when it was opened. */
  found: number;
  /** Takes a result in, in place of one with its key, and writes the file. */
  add(result: JobResult): void;
}

/**
 * Opens `compare-<task>.json` in a folder, to go on with it, or begins it; **fresh** begins it anyhow. Axes may differ
 * from those it has, and are added to them.
 *
 * @throws UsageError when the file is none of this form, or of another code, task or settings
 */
export function openComparison(folder: string, subject: Subject, fresh: boolean): ComparisonFile {
  const path = join(folder, comparisonName(subject.task.name));
  const before = fresh ? null : existing(path, subject);
  if (before && before.task.digest !== subject.task.digest) {
    throw another(path, `other examples of ${before.task.title}`);
  }
  const comparison: Comparison = before
    ? {
        ...before,
        axes: joinAxes(before.axes, subject.axes),
        asked: withRequest(before.asked ?? [before.axes], subject.axes),
      }
    : begun(subject);
  const file: ComparisonFile = {
    path,
    comparison,
    found: comparison.heats.length + comparison.runs.length,
    add(result) {
      putMachine(comparison.machines, result.machine);
      if (result.kind === "heat") put(comparison.heats, result.heat);
      else put(comparison.runs, result.run);
      save(file);
    },
  };
  return file;
}

/** Writes the file as it stands, whole or not at all. */
export function save({ path, comparison }: ComparisonFile): void {
  const missing = missingJobs(jobsAsked(comparison), comparison);
  comparison.status = missing.length === 0 ? "complete" : "interrupted";
  comparison.updatedAt = new Date().toISOString();
  writeHeld(path, stringifyJson(comparison));
}

/**
 * Writes a file that this process alone writes, whole or not at all. What a killed one left of its writing is written
 * over: it had the same temporary name.
 */
export function writeHeld(path: string, content: string): void {
  writeWhole(path, content, `${path}.tmp`);
}

function begun(subject: Subject): Comparison {
  const now = new Date().toISOString();
  return {
    format: COMPARISON_FORMAT,
    schemaVersion: COMPARISON_VERSION,
    status: "interrupted",
    ...{ startedAt: now, updatedAt: now },
    ...subject,
    asked: [subject.axes],
    ...{ machines: [], heats: [], runs: [] },
  };
}

/**
 * Refuses a file that cannot be gone on with whatever the examples are, before they are loaded.
 *
 * @throws UsageError as `openComparison`
 */
export function refuseOther(
  folder: string,
  name: Comparison["task"]["name"],
  subject: Pick<Subject, "code" | "settings">,
): void {
  existing(join(folder, comparisonName(name)), subject);
}

function existing(path: string, subject: Pick<Subject, "code" | "settings">): Comparison | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new UsageError(
      `--out: expected a file that can be read, got ${(error as Error).message}`,
    );
  }
  const before = readComparison(text, path);
  const differs = difference(before, subject);
  if (differs === null) return before;
  throw another(path, differs);
}

function another(path: string, of: string): UsageError {
  return new UsageError(
    `${path} has a comparison of ${of}: give another --out, or --fresh to begin it anew`,
  );
}

/** What keeps two subjects from standing in one file, in words; null when nothing does. */
function difference(
  before: Pick<Subject, "code" | "settings">,
  now: Pick<Subject, "code" | "settings">,
): string | null {
  if (before.code.digest !== now.code.digest) {
    return `another code (${codesText(before.code, now.code)})`;
  }
  const settings = Object.entries(now.settings) as [keyof Comparison["settings"], unknown][];
  const changed = settings.find(([name, value]) => before.settings[name] !== value);
  if (changed) {
    return `${changed[0]} ${before.settings[changed[0]]}, where ${changed[1]} is asked for`;
  }
  return null;
}

function codesText(before: Code, now: Code): string {
  return `${codeName(before)}; this is ${codeName(now)}`;
}

function put<T extends { key: string }>(list: T[], result: T): void {
  const at = list.findIndex(({ key }) => key === result.key);
  if (at < 0) list.push(result);
  else list[at] = result;
}

function putMachine(list: Machine[], machine: Machine): void {
  if (!list.some(({ id }) => id === machine.id)) list.push(machine);
}
