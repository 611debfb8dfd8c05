// The weightsManifest of a model.json, which may come from anywhere: nothing in it is believed.

import type { io } from "@tensorflow/tfjs-core";

type Spec = io.WeightsManifestEntry;
export type WeightsGroup = io.WeightsManifestConfig[number];

const bytesOf: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };
const bytesOfQuantized: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };
/** In front of each string stands its length. */
const bytesOfLength = 4;

/**
 * The groups of a manifest, each with paths that stay in its folder and weights of known sizes.
 *
 * @throws for anything else, saying where.
 */
export function weightsGroups(who: string, manifest: unknown): WeightsGroup[] {
  const groups = list(who, "weightsManifest to be a list of groups", manifest) as WeightsGroup[];
  const paths = new Set<unknown>();
  for (const group of groups) {
    for (const path of list(who, "paths of a group to be a list", group?.paths)) {
      checkPath(who, path);
      // One file named a thousand times would take a thousand times its size.
      if (paths.has(path))
        throw new Error(`${who}: expected each weights file once, got ${path} again`);
      paths.add(path);
    }
    for (const spec of list(who, "weights of a group to be a list", group.weights)) {
      checkSpec(who, spec as Spec);
    }
  }
  return groups;
}

/**
 * Compares the size of a group's weights with **got**, the size of its files.
 *
 * @throws if they differ, or if there is too little for weights of strings, whose size nobody knows.
 */
export function checkSize(who: string, group: WeightsGroup, got: number): void {
  const { bytes, exact } = groupSize(group);
  if (exact ? got === bytes : got >= bytes) return;
  const least = exact ? "" : "at least ";
  const where = shownPaths(group);
  throw new Error(`${who}: expected ${least}${bytes} bytes of weights in ${where}, got ${got}`);
}

/** Bytes of a group's weights: exactly, or at least so many, where there are strings. */
export function groupSize({ weights }: WeightsGroup): { bytes: number; exact: boolean } {
  const bytes = weights.reduce((sum, spec) => sum + count(spec) * bytesOfElement(spec), 0);
  return { bytes, exact: !weights.some(hasStrings) };
}

/**
 * Follows the lengths that are written in front of strings.
 *
 * @throws if they do not end where the data ends.
 */
export function checkStrings(who: string, group: WeightsGroup, data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  for (const spec of group.weights) {
    if (!hasStrings(spec)) {
      at += count(spec) * bytesOfElement(spec);
      continue;
    }
    for (let i = 0; i < count(spec) && at <= data.byteLength; i++) {
      const length = at + bytesOfLength <= data.byteLength ? view.getUint32(at, true) : Infinity;
      at += bytesOfLength + length;
    }
  }
  if (at === data.byteLength) return;
  throw new Error(
    `${who}: expected the strings in ${shownPaths(group)} to end after ${data.byteLength} bytes, got other lengths`,
  );
}

function checkPath(who: string, path: unknown): void {
  const expected = "a weights file by a relative path that stays in the model's folder";
  const inside =
    typeof path === "string" &&
    path !== "" &&
    !/^[/\\]|^[a-z][a-z\d+.-]*:|\0/i.test(path) &&
    !path.split(/[/\\]/).includes("..");
  if (!inside) throw new Error(`${who}: expected ${expected}, got ${shown(path)}`);
}

function checkSpec(who: string, spec: Spec): void {
  const { name, shape, dtype, quantization } = spec ?? {};
  const refuse = (expected: string, got: unknown): never => {
    throw new Error(`${who}: expected ${expected}, got ${shown(got)}`);
  };
  if (typeof name !== "string") refuse("a weight with a name", spec);
  const isShape =
    Array.isArray(shape) &&
    shape.every((n) => Number.isSafeInteger(n) && n >= 0) &&
    Number.isSafeInteger(shape.reduce((product, n) => product * Math.max(n, 1), 8));
  if (!isShape) refuse(`weight ${shown(name)} of a shape of whole numbers from 0`, shape);
  if (dtype !== "string" && !Object.hasOwn(bytesOf, dtype)) {
    refuse(`weight ${shown(name)} of dtype ${Object.keys(bytesOf).join(", ")} or string`, dtype);
  }
  const quantized = quantization?.dtype;
  if (quantization !== undefined && !Object.hasOwn(bytesOfQuantized, `${quantized}`)) {
    refuse(
      `weight ${shown(name)} quantized to ${Object.keys(bytesOfQuantized).join(", ")}`,
      quantized,
    );
  }
}

const count = ({ shape }: Spec): number => shape.reduce((product, n) => product * n, 1);

const hasStrings = ({ dtype, quantization }: Spec): boolean => dtype === "string" && !quantization;

function bytesOfElement({ dtype, quantization }: Spec): number {
  if (quantization) return bytesOfQuantized[quantization.dtype]!;
  return dtype === "string" ? bytesOfLength : bytesOf[dtype]!;
}

function list(who: string, expected: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${who}: expected ${expected}, got ${shown(value)}`);
}

function shownPaths({ paths }: WeightsGroup): string {
  const few = paths.slice(0, 4).join(", ");
  return paths.length > 4 ? `${few}, ... (${paths.length} files)` : few;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? `${value}`;
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
