import type { LayerVariable } from "@tensorflow/tfjs-layers";
import type { DatasetValues, Hdf5Writer } from "../hdf5/writer.ts";
import type { HeldTensors } from "../held-tensors.ts";
import type { VarsGroup } from "../keras/weight-paths.ts";
import type { Compiled, SlotVariable } from "./to-keras-compile.ts";

/** The groups of a Keras 3 weights file, and the optimizer's variables behind them. */
export async function writeWeights(
  file: Hdf5Writer,
  groups: readonly VarsGroup[],
  compiled: Compiled | undefined,
  held: HeldTensors,
): Promise<void> {
  for (const { path, name, variables } of groups) {
    file.text(path, "name", name);
    for (const [i, weight] of variables.entries()) {
      await writeWeight(file, `${path}/${i}`, weight, held);
    }
  }
  if (!compiled) return;
  file.text("optimizer/vars", "name", `${compiled.optimizer.config.name}`);
  for (const [i, { write }] of optimizerVariables(compiled, held).entries()) {
    await write(file, `optimizer/vars/${i}`);
  }
}

/** One of an optimizer's variables: its own, or one that belongs to a weight. */
export interface OptimizerVariable {
  /** `iteration`, `learning_rate`, or what a weight's name is followed by. */
  kind: string;
  weight?: LayerVariable;
  write(file: Hdf5Writer, path: string): void | Promise<void>;
}

/** An optimizer's variables in Keras's order. */
export function optimizerVariables(compiled: Compiled, held: HeldTensors): OptimizerVariable[] {
  const { iterations, learningRate, slots } = compiled;
  return [
    {
      kind: "iteration",
      write: (file, path) => file.dataset(path, BigInt64Array.of(BigInt(iterations)), []),
    },
    ...(learningRate === undefined ? [] : [rateVariable(learningRate)]),
    ...slots.map((slot) => ({
      ...{ kind: slot.kind, weight: slot.weight },
      write: (file: Hdf5Writer, path: string) => writeSlot(file, path, slot, held),
    })),
  ];
}

function rateVariable(learningRate: number): OptimizerVariable {
  return {
    kind: "learning_rate",
    write: (file, path) => file.dataset(path, Float32Array.of(learningRate), []),
  };
}

/** One weight as a dataset; no more than one is out of the backend's memory at a time. */
export async function writeWeight(
  file: Hdf5Writer,
  path: string,
  weight: LayerVariable,
  held: HeldTensors,
): Promise<void> {
  const value = held.hold(weight.read());
  file.dataset(path, (await value.data()) as DatasetValues, value.shape);
}

async function writeSlot(
  file: Hdf5Writer,
  path: string,
  slot: SlotVariable,
  held: HeldTensors,
): Promise<void> {
  const { value, factor } = slot;
  const shape = slot.weight.shape as number[];
  const values = value
    ? ((await held.hold(value).data()) as Float32Array)
    : new Float32Array(shape.reduce((a, b) => a * b, 1));
  file.dataset(path, factor === 1 ? values : values.map((x) => x * factor), shape);
}
