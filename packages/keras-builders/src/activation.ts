import { activationOps, type RecurrentActivationName } from "@rnnkit/fused-rnn";
import { serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { tfjsActivationName } from "./activation-name.ts";

/** An activation as tfjs-layers' own layers and cells hold it. */
export type Activation = ReturnType<typeof layers.activation>["activation"];

/** Keras's function of that name: tfjs-layers' classes lack some, and its hardSigmoid is another one. */
class KerasActivation extends serialization.Serializable {
  readonly #name: RecurrentActivationName;

  constructor(name: RecurrentActivationName) {
    super();
    this.#name = name;
  }

  apply(x: Tensor): Tensor {
    return tidy(() => activationOps[this.#name](x));
  }

  override getClassName(): string {
    return tfjsActivationName(this.#name);
  }

  getConfig(): serialization.ConfigDict {
    return {};
  }
}

const made = new Map<RecurrentActivationName, Activation>();

/** The activation of that name, one object for all layers. */
export function activationNamed(name: RecurrentActivationName): Activation {
  const known = made.get(name) ?? new KerasActivation(name);
  made.set(name, known);
  return known;
}
