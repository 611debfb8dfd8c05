import type { LayersModel, LayerVariable, layers } from "@tensorflow/tfjs-layers";
import { kerasOrder } from "./keras-order.ts";

/** One `vars` group of a Keras 3 weights file: the variables that one layer, cell or model owns itself. */
export interface VarsGroup {
  /** Where it lies in the file, `layers/lstm/cell/vars`. */
  path: string;
  /** Its `name` attribute: the owner's own name, `lstm_cell`. */
  name: string;
  /** The names down to the owner that a legacy file's weights carry; functional models add none. */
  scope: readonly string[];
  /** Its datasets "0", "1", ... in order; none for an owner without weights. */
  variables: readonly LayerVariable[];
}

/** One dataset of a Keras 3 weights file. */
export interface WeightPath {
  /** `layers/lstm/cell/vars/0` */
  path: string;
  variable: LayerVariable;
}

/** The parts that Keras saves as objects of their own, each under the attribute that holds it. */
interface Parts {
  layers?: layers.Layer[];
  cell?: layers.Layer;
  cells?: layers.Layer[];
  layer?: layers.Layer;
  forwardLayer?: layers.Layer;
  backwardLayer?: layers.Layer;
}

const fusedRecurrences = new Set(["SimpleRNN", "LSTM", "GRU"]);

/**
 * The `vars` groups of a built model's Keras 3 weights file, owners before their parts, layers in the
 * model's order.
 *
 * Groups are named after the class in snake case, `lstm`, then `lstm_1`, ..., whatever the layers'
 * own names are. What lies inside another layer is named after the attribute that holds it
 * (`forward_layer`, `backward_layer`, `layer`, `cell`, `cells`). What is met twice lies where it was
 * met first. Of one layer it gives the groups inside it; **from** begins their scopes.
 */
export function varsGroups(
  model: LayersModel | layers.Layer,
  from: readonly string[] = [],
): VarsGroup[] {
  const groups: VarsGroup[] = [];
  const visited = new Set<layers.Layer>();

  const visit = (owner: layers.Layer, path: string, scope: readonly string[]): void => {
    if (visited.has(owner)) return;
    visited.add(owner);
    const className = owner.getClassName();
    const at = (attribute: string) => (path ? `${path}/${attribute}` : attribute);
    const group = (variables: readonly LayerVariable[]) =>
      groups.push({ path: at("vars"), name: owner.name, scope, variables });
    const each = (parts: readonly layers.Layer[], attribute: string, from = scope) => {
      const unique = uniqueNames();
      for (const part of parts) {
        visit(part, `${at(attribute)}/${unique(groupName(part))}`, [...from, part.name]);
      }
    };
    const one = (part: layers.Layer, attribute: string) =>
      visit(part, at(attribute), [...scope, part.name]);

    const parts = owner as unknown as Parts;
    if (parts.layers) {
      group([]);
      each(
        layersOf(owner as LayersModel),
        "layers",
        className === "Sequential" ? [owner.name] : [],
      );
    } else if (parts.forwardLayer && parts.backwardLayer) {
      group([]);
      one(parts.forwardLayer, "forward_layer");
      one(parts.backwardLayer, "backward_layer");
    } else if (fusedRecurrences.has(className)) {
      group([]);
      const name = `${snakeCaseClass(className)}_cell`;
      groups.push({
        ...{ path: at("cell/vars"), name, scope: [...scope, name] },
        variables: owner.weights,
      });
    } else if (parts.cell) {
      group([]);
      one(parts.cell, "cell");
    } else if (parts.cells) {
      group([]);
      each(parts.cells, "cells");
    } else if (parts.layer) {
      group([]);
      one(parts.layer, "layer");
    } else {
      group(owner.weights);
    }
  };

  visit(model, "", from);
  return groups;
}

/**
 * The datasets of a built model's Keras 3 weights file with the variables that they hold: Sequential or
 * functional, nested models, shared layers, Bidirectional, RNN cells and TimeDistributed included.
 *
 * @example
 * weightPaths(model).map(({ path }) => path); // ["layers/lstm/cell/vars/0", ...]
 */
export function weightPaths(model: LayersModel): WeightPath[] {
  return varsGroups(model).flatMap(({ path, variables }) =>
    variables.map((variable, i) => ({ path: `${path}/${i}`, variable })),
  );
}

/**
 * A model's layers as Keras lists them: a Sequential model's input is not one of them, a functional
 * model's inputs are, also those that nothing reads, which tfjs leaves out.
 */
export function layersOf(model: LayersModel): layers.Layer[] {
  if (model.getClassName() === "Sequential") {
    return model.layers.filter((layer) => layer.getClassName() !== "InputLayer");
  }
  const loaded = inFile.get(model);
  if (loaded) return [...loaded];
  const used = kerasOrder(model);
  return [...model.inputLayers.filter((layer) => !used.includes(layer)), ...used];
}

const inFile = new WeakMap<LayersModel, readonly layers.Layer[]>();

/** Keeps the order of a file, which Keras's graph of layers gave, for what is saved or loaded later. */
export function keepOrder(model: LayersModel, order: readonly layers.Layer[]): void {
  inFile.set(model, order);
}

/** How Keras turns a class name into a group's: `LSTMCell` → `lstm_cell`, `PReLU` → `p_re_lu`. */
export function snakeCaseClass(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** tfjs calls a functional model "Model"; a registered class is "package>Class". */
function groupName(layer: layers.Layer): string {
  const className = layer.getClassName().split(">").at(-1)!;
  return snakeCaseClass(className === "Model" ? "Functional" : className);
}

/** name, name_1, name_2, ... */
function uniqueNames(): (name: string) => string {
  const used = new Map<string, number>();
  return (name) => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count ? `${name}_${count}` : name;
  };
}
