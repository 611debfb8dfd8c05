import { nearest, shown } from "@rnnkit/core-rnn";
import { activationOps } from "@rnnkit/fused-rnn";
import { serialization, type Tensor } from "@tensorflow/tfjs-core";
import { tfjsActivationName } from "./activation-name.ts";

/** Keras's activations that tfjs-layers lacks, or computes otherwise: hard_sigmoid, and selu's slope at 0. */
const own: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  hard_sigmoid: activationOps.hard_sigmoid,
  hard_silu: activationOps.hard_silu,
  hard_swish: activationOps.hard_silu,
  leaky_relu: activationOps.leaky_relu,
  exponential: activationOps.exponential,
  celu: activationOps.celu,
  selu: activationOps.selu,
  hard_tanh: activationOps.hard_tanh,
  log_sigmoid: activationOps.log_sigmoid,
  tanh_shrink: activationOps.tanh_shrink,
};

/** Of those the ones that tfjs-layers has by the same name: a file's is its own, and a graph puts ours in its place. */
const replaced: readonly string[] = ["selu"];

/** Keras's activations that tfjs-layers has: Keras's name to tfjs's. */
const stock: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["linear", "relu", "relu6", "elu", "sigmoid", "softmax"].map((name) => [name, name]),
  ),
  ...Object.fromEntries(
    ["softplus", "softsign", "tanh", "gelu", "mish"].map((name) => [name, name]),
  ),
  ...{ silu: "swish", swish: "swish", log_softmax: "logSoftmax" },
  // tfjs-layers kept what Keras 2 called hard_sigmoid.
  hard_sigmoid_keras2: "hardSigmoid",
};

function classNameOf(name: string): string {
  return name === "hard_sigmoid" ? "hardSigmoidKeras3" : tfjsActivationName(name);
}

/** An activation with Keras's numbers, in the place of one of tfjs-layers'. */
export class KerasActivation {
  /** Keras's name. */
  readonly name: string;
  /** Its numbers, as tfjs operations. */
  readonly apply: (x: Tensor) => Tensor;

  constructor(name: string, apply: (x: Tensor) => Tensor) {
    this.name = name;
    this.apply = apply;
  }

  /** What tfjs-layers' files call it: not *hardSigmoid*, which is another one there. */
  getClassName(): string {
    return classNameOf(this.name);
  }

  /** Nothing: its name says all. */
  getConfig(): Record<string, never> {
    return {};
  }
}

/** Makes the files of tfjs-layers that name activations which it lacks open with their numbers. */
export function registerActivations(): void {
  for (const [name, op] of Object.entries(own)) {
    if (replaced.includes(name)) continue;
    const loader = {
      className: classNameOf(name),
      fromConfig: () => new KerasActivation(name, op),
    };
    serialization.registerClass(loader as never);
  }
}

/** What stands for Keras's activation: tfjs's name, or one of ours; undefined if nothing does. */
export function activationOf(name: string): string | KerasActivation | undefined {
  if (name === "hard_sigmoid_keras3") return activationOf("hard_sigmoid");
  if (Object.hasOwn(stock, name)) return stock[name];
  return Object.hasOwn(own, name) ? new KerasActivation(name, own[name]!) : undefined;
}

/** Keras's name of an activation as a layer of tfjs-layers holds it; undefined where it has none. */
export function kerasActivationOf(activation: { getClassName(): string }): string | undefined {
  if (activation instanceof KerasActivation) return activation.name;
  const className = activation.getClassName();
  if (replaced.includes(className)) return className;
  return Object.keys(stock).find((name) => stock[name] === className && name !== "swish");
}

/** Puts Keras's activation in the place of tfjs-layers' own in a layer, where they compute otherwise. */
export function withKerasActivation(layer: object): void {
  const inside = layer as { activation?: { getClassName?: () => string } };
  const { activation } = inside;
  const name = activation?.getClassName?.() ?? "";
  if (!replaced.includes(name) || Object.hasOwn(activation!, "apply")) return;
  inside.activation = activationOf(name) as KerasActivation;
}

/** The names that {@link activationOf} knows. */
export const kerasActivationNames: readonly string[] = [...Object.keys(stock), ...Object.keys(own)];

/** {@link activationOf} a name as Keras or as tfjs spells it; throws for another, with the nearest. */
export function readActivation(who: string, name: string): string | KerasActivation {
  const known = activationOf(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  if (known) return known;
  const near = nearest(name, kerasActivationNames);
  throw new Error(
    `${who}: expected activation to be one of ${kerasActivationNames.join(", ")}, got ${shown(name)}${near ? `; did you mean ${near}?` : ""}`,
  );
}
