// What is timed on each candidate: a recurrent layer's step of given sizes, or a step of the caller's own.
import type { Tensor } from "@tensorflow/tfjs-core";
import { checkOptions, didYouMean, shown } from "./generated/options.ts";

/** The cells that a {@link RecurrentProbe} may name. */
const cells = ["simpleRnn", "lstm", "gru"] as const;

/** A recurrent layer as `measure` takes one: its step is timed on every candidate. */
export interface RecurrentProbe {
  /** **cell**: *simpleRnn*, *lstm* or *gru* (with Keras's reset after). */
  cell: (typeof cells)[number];
  /** **batch**: sequences a step. */
  batch: number;
  /** **steps**: time steps of a sequence. */
  steps: number;
  /** **inputSize**: features of a time step. */
  inputSize: number;
  /** **units**: size of the state. */
  units: number;
  /** **training**: *true* (default) times the forward pass and all gradients; *false* the forward pass alone. */
  training?: boolean;
}

/** A step of the caller's own, as `measure` takes one. */
export interface OwnProbe {
  /**
   * **run**: one step on tfjs's current backend, often. It may be asynchronous; a tensor that it gives, or a list of
   * them, is read and disposed, so that work on a GPU is waited for.
   */
  run: () => unknown;
  /**
   * **prepare**: called once on each candidate before its first step. What a step needs, its model and its tensors,
   * is made here or in **run**: a tensor that has been on a GPU comes to no other backend.
   */
  prepare?: () => unknown;
  /** **name**: what its times are kept under; needed with **cache** alone. */
  name?: string;
}

/** A step to be timed. @inline */
export type Probe = RecurrentProbe | OwnProbe;

/** One step on tfjs's current backend, and the end of it. */
export interface Steps {
  readonly kind: "fused" | "composed" | "own";
  step(): unknown;
  /** Frees what the steps needed. */
  end(): void;
}

const sizes = ["batch", "steps", "inputSize", "units"] as const;
const recurrentNames = ["cell", ...sizes, "training"];
const ownNames = ["run", "prepare", "name"];

/** @throws on anything but one of the two kinds, with every size and of a known cell. */
export function checkProbe(who: string, probe: unknown): asserts probe is Probe {
  const example = '{ cell: "lstm", batch: 32, steps: 50, inputSize: 8, units: 32 }';
  const has = (name: string) => Object(probe)[name] !== undefined;
  const names = has("run")
    ? ownNames
    : has("cell")
      ? recurrentNames
      : [...recurrentNames, ...ownNames];
  checkOptions(who, probe, names, example, "names in measure");
  if (has("run")) checkOwn(who, probe as OwnProbe);
  else checkRecurrent(who, probe as RecurrentProbe);
}

function checkOwn(who: string, { run, prepare, name }: OwnProbe): void {
  if (typeof run !== "function")
    throw new TypeError(`${who}: expected measure.run to be a function, got ${shown(run)}`);
  if (prepare !== undefined && typeof prepare !== "function")
    throw new TypeError(`${who}: expected measure.prepare to be a function, got ${shown(prepare)}`);
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw new TypeError(`${who}: expected measure.name to be a text, got ${shown(name)}`);
}

function checkRecurrent(who: string, probe: RecurrentProbe): void {
  const { cell, training } = probe;
  if (!cells.includes(cell)) {
    const got = `${shown(cell)}${didYouMean(cell, cells)}`;
    throw new TypeError(
      `${who}: expected measure.cell to be among ${cells.join(", ")}, got ${got}`,
    );
  }
  for (const name of sizes)
    if (!Number.isSafeInteger(probe[name]) || probe[name] < 1)
      throw new TypeError(
        `${who}: expected measure.${name} to be a positive integer, got ${shown(probe[name])}`,
      );
  if (training !== undefined && typeof training !== "boolean")
    throw new TypeError(
      `${who}: expected measure.training to be true or false, got ${shown(training)}`,
    );
}

export function isOwn(probe: Probe): probe is OwnProbe {
  return (probe as OwnProbe).run !== undefined;
}

const ids = new WeakMap<object, number>();
let nextId = 0;

/** A number for an object or a function, the same each time. */
export function idOf(part: object): number {
  if (!ids.has(part)) ids.set(part, nextId++);
  return ids.get(part) as number;
}

/** Equal probes have equal keys. A step of the caller's own is equal to itself. */
export function probeKey(probe: Probe): unknown {
  if (!isOwn(probe)) {
    const { cell, training = true } = probe;
    return [cell, ...sizes.map((name) => probe[name]), training];
  }
  const { run, prepare, name } = probe;
  return [idOf(run), prepare ? idOf(prepare) : null, name ?? null];
}

/** The probe as cached times are kept under; undefined for one without a name. */
export function probeName(probe: Probe): string | undefined {
  return isOwn(probe) ? probe.name && `own ${probe.name}` : JSON.stringify(probeKey(probe));
}

/** Frees what a step gave, and waits for it, by reading the smallest of its tensors, where **isLast** says so. */
export async function settle(result: unknown, isLast: boolean): Promise<void> {
  const tensors = [await result].flat(3).filter(isTensor);
  const [smallest] = [...tensors].sort((a, b) => a.size - b.size);
  if (isLast) await smallest?.data();
  for (const tensor of tensors) tensor.dispose();
}

function isTensor(value: unknown): value is Tensor {
  const tensor = value as Partial<Tensor> | null | undefined;
  return typeof tensor?.dataId === "object" && typeof tensor.dispose === "function";
}
