import { scalar, type Tensor } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";

/** tfjs-layers names weights after the layers whose `apply` builds them; it exports no other scope. */
class NameScope extends layers.Layer {
  static readonly className = "NameScope";
  readonly #body: () => void;

  constructor(name: string, body: () => void) {
    super({ name });
    this.#body = body;
  }

  override build(): void {
    this.#body();
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return inputs;
  }
}

/** Runs **body**, and `name/` stands before the names of the weights that it makes. */
export function nameScope(name: string, body: () => void): void {
  const x = scalar(0);
  try {
    const y = new NameScope(name, body).apply(x) as Tensor;
    y.dispose();
  } finally {
    x.dispose();
  }
}
