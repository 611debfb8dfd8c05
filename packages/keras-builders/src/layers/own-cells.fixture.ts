import * as tf from "@tensorflow/tfjs-core";
import { initializers, type LayerVariable, type Shape } from "@tensorflow/tfjs-layers";
import { RecurrentCell } from "../cells/recurrent-cell.ts";
import { biasInitializer, H } from "./rnn-tensors.fixture.ts";

/** SimpleRNN's step, written by a user. */
class OwnSimple extends RecurrentCell {
  static readonly className = "OwnSimple";
  readonly stateSize: number;
  readonly rate: number;
  readonly extra: object[];
  #weights: LayerVariable[] = [];

  constructor(args: { units: number; rate?: number; seed?: number; extra?: object[] }) {
    super(args);
    this.stateSize = args.units;
    this.rate = args.rate ?? 0;
    this.extra = args.extra ?? [];
  }

  override build(shape: Shape): void {
    const I = shape.at(-1)!;
    const [regularizer, constraint] = this.extra as never[];
    const glorot = initializers.glorotUniform({ seed: 3 });
    const add = (name: string, of: number[], initializer: typeof glorot) =>
      this.addWeight(name, of, "float32", initializer, regularizer, true, constraint);
    this.#weights = [
      add("kernel", [I, this.stateSize], glorot),
      add("recurrent_kernel", [this.stateSize, this.stateSize], glorot),
      add("bias", [this.stateSize], biasInitializer),
    ];
    this.built = true;
  }

  override call([x, h]: tf.Tensor[], { training }: { training?: boolean }): tf.Tensor[] {
    const [kernel, recurrent, bias] = this.#weights.map((weight) => weight.read());
    const dropped = (name: string, t: tf.Tensor) =>
      training && this.rate ? tf.mul(t, this.dropoutMask(name, t.shape, this.rate)) : t;
    const zx = tf.matMul(dropped("input", x!) as tf.Tensor2D, kernel as tf.Tensor2D);
    const zh = tf.matMul(dropped("state", h!) as tf.Tensor2D, recurrent as tf.Tensor2D);
    const y = tf.tanh(tf.add(tf.add(zx, zh), bias!));
    return [y, y];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { units: this.stateSize, rate: this.rate, ...super.getConfig() };
  }
}
export const own = (args: Partial<ConstructorParameters<typeof OwnSimple>[0]> = {}) =>
  new OwnSimple({ units: H, ...args });

/** s′ = s + x from s = 10; the output is [s′, 2s′]. */
export class Sum extends RecurrentCell {
  static readonly className = "Sum";
  readonly stateSize = 1;
  override get outputSize(): number {
    return 2;
  }
  override getInitialState(batchSize: number): tf.Tensor {
    return tf.fill([batchSize, 1], 10);
  }
  override call([x, s]: tf.Tensor[]): tf.Tensor[] {
    const sum = tf.add(s!, x!);
    return [tf.concat([sum, tf.mul(sum, 2)], 1), sum];
  }
}
