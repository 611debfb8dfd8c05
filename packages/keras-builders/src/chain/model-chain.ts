// From a model to the chain of stages that computes it in the engine, or to the reason why there is none.

import { shown } from "@rnnkit/core-rnn";
import { chainRefusal, type Stage } from "@rnnkit/fused-rnn";
import { LayersModel, type layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { isAsMade } from "../graph/as-made.ts";
import { type Link, linkMaker, type Place } from "./layer-links.ts";
import { isInput, stockLink } from "./stock-links.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** What of a model decides its chain. */
export type ChainModel = Pick<LayersModel, "inputs" | "outputs">;

/** A layer that no stage computes, and why. */
export interface Unfused {
  /** Its name; the model's own faults have none. */
  layer?: string;
  reason: string;
}

/** The layers of a model, those in others too, and the stages that compute them. */
export interface ModelChain {
  layers: readonly Layer[];
  stages: readonly Stage[];
  /** What of the layers has decided the stages: as it is, and as it was. */
  decidedBy: readonly { now: () => readonly unknown[]; was: readonly unknown[] }[];
}

interface Known {
  /** tfjs-layers makes others when a layer is added. */
  output: SymbolicTensor;
  chain: ModelChain | Unfused;
}

const known = new WeakMap<object, Known>();

/** The reason of a layer whose losses tfjs-layers adds to the model's. */
const regularized = "it has a regularizer";

let isOn = true;

/**
 * Whether models whose layers form a chain run as one: *true* from the start. The numbers are the same to float32's
 * rounding; what it changes is speed, and where an error is found.
 *
 * @throws unless **wanted** is true or false.
 * @example
 * setWholeSteps(false); // every layer by operations of tfjs
 */
export function setWholeSteps(wanted: boolean): void {
  if (typeof wanted !== "boolean") {
    throw new TypeError(`setWholeSteps: expected true or false, got ${shown(wanted)}`);
  }
  isOn = wanted;
}

/** The chain of a model, as long as its layers are as they were made; or what stands in its way. */
export function chainOf(model: ChainModel): ModelChain | Unfused {
  const refusal = isOn ? chainRefusal() : "setWholeSteps(false)";
  if (refusal) return { reason: refusal };
  if (!isPlainModel(model)) return { reason: "its call or losses were replaced" };
  const output = model.outputs[0]!;
  let entry = known.get(model);
  if (entry?.output !== output || !isStill(entry.chain)) {
    entry = { output, chain: madeChain(model) };
    known.set(model, entry);
  }
  const { chain } = entry;
  if (!isChain(chain)) return chain;
  for (const layer of chain.layers) {
    if (!isAsMade(layer)) return { layer: layer.name, reason: "its call was replaced or hooked" };
    if (layer.losses.length > 0) return { layer: layer.name, reason: regularized };
  }
  return chain;
}

/** Whether what has decided a chain is as it was; a fault may have gone, and is looked for anew. */
function isStill(chain: ModelChain | Unfused): boolean {
  if (!isChain(chain)) return false;
  return chain.decidedBy.every(({ now, was }) => {
    const values = now();
    return values.every((value, i) => value === was[i]);
  });
}

/**
 * A model of tfjs-layers' own class, whose passes nobody has put others in the place of: one that was called, or is a
 * layer of another, has a call of ours, which carries masks through it.
 */
function isPlainModel(model: ChainModel): boolean {
  const isOwn = Object.getPrototypeOf(model) === LayersModel.prototype;
  if (!isOwn || Object.hasOwn(model, "calculateLosses")) return false;
  return !Object.hasOwn(model, "call") || isAsMade(model as LayersModel);
}

/** Whether there is a chain. */
export function isChain(chain: ModelChain | Unfused): chain is ModelChain {
  return "stages" in chain;
}

function madeChain(model: ChainModel): ModelChain | Unfused {
  const path = pathOf(model);
  if (!Array.isArray(path)) return path;
  const stages: Stage[] = [];
  const all: Layer[] = [];
  const decidedBy: ModelChain["decidedBy"][number][] = [];
  let isMasked = false;
  for (const [i, layer] of path.entries()) {
    const link = linkOf(layer, { isMasked, next: path[i + 1] });
    if ("reason" in link) return { layer: layer.name, reason: link.reason };
    stages.push(...link.stages);
    all.push(layer, ...(link.inner ?? []));
    isMasked = link.isMasked;
    const { decidedBy: now } = link;
    if (now) decidedBy.push({ now, was: now() });
  }
  const twice = all.find((layer, i) => all.indexOf(layer) !== i);
  if (twice) return { layer: twice.name, reason: "it is used twice" };
  if (isMasked) return { reason: "a mask reaches the loss" };
  return { layers: all, stages, decidedBy };
}

function linkOf(layer: Layer, place: Place): Link {
  return (linkMaker(layer) ?? stockLink)(layer, place);
}

/** Of each layer of a model, why the engine has no link for it; undefined where it has one. */
export function linksOf(model: { layers: Layer[] }): Map<Layer, string | undefined> {
  let isMasked = false;
  return new Map(
    model.layers.map((layer, i) => {
      if (isInput(layer)) return [layer, undefined];
      const link = linkOf(layer, { isMasked, next: model.layers[i + 1] });
      if ("reason" in link) return [layer, link.reason];
      isMasked = link.isMasked;
      return [layer, layer.losses.length > 0 ? regularized : undefined];
    }),
  );
}

/** The layers from a model's only input to its only output, each with one input and used once. */
function pathOf({ inputs, outputs }: ChainModel): Layer[] | Unfused {
  if (inputs.length !== 1 || outputs.length !== 1) {
    return { reason: `it has ${inputs.length} inputs and ${outputs.length} outputs` };
  }
  const path: Layer[] = [];
  let tensor = outputs[0]!;
  while (tensor !== inputs[0]) {
    const { sourceLayer: layer, nodeIndex } = tensor as { sourceLayer: Layer; nodeIndex: number };
    const { inputTensors, outputTensors } = layer.inboundNodes[nodeIndex]!;
    if (isInput(layer)) return { layer: layer.name, reason: "it is another input" };
    if (inputTensors.length !== 1 || outputTensors.length !== 1) {
      return { layer: layer.name, reason: "it has several inputs or outputs" };
    }
    if (path.includes(layer)) return { layer: layer.name, reason: "it is used twice" };
    path.unshift(layer);
    tensor = inputTensors[0]!;
  }
  return path;
}
