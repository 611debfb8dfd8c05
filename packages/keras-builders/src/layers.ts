import { initializers, layers as stock } from "@tensorflow/tfjs-layers";
import { type BidirectionalArgs, BidirectionalLayer } from "./bidirectional-layer.ts";
import type { GruArgs, LstmArgs, SimpleRnnArgs } from "./cell-options.ts";
import { type DropoutArgs, DropoutLayer } from "./dropout-layer.ts";
import { type EmbeddingArgs, EmbeddingLayer } from "./embedding-layer.ts";
import { GruLayer } from "./gru-layer.ts";
import { LstmLayer } from "./lstm-layer.ts";
import { prepare } from "./prepare.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { SimpleRnnLayer } from "./simple-rnn-layer.ts";

/*
 * Keras's layers under Keras's names: the one place that knows what they are made of. The recurrent
 * ones run on the fused operations of @rnnkit/fused-rnn. Where tfjs-layers' defaults differ from
 * Keras 3's, these are Keras 3's:
 *
 *     option                  Keras 3          tfjs-layers
 *     kernelInitializer       glorotUniform    glorotNormal
 *     recurrentInitializer    orthogonal       orthogonal, by a slow QR
 *     recurrentActivation     sigmoid          hardSigmoid
 *     hardSigmoid             relu6(x + 3)/6   0.2x + 0.5
 *     unitForgetBias          true             false
 *     activation: null        linear           tanh (SimpleRNN)
 *     GRU's resetAfter        true             not there
 */

type Layer = InstanceType<typeof stock.Layer>;
type DenseArgs = Parameters<typeof stock.dense>[0];

export type DenseLayerArgs = DenseArgs & {
  /** Makes the default initializer repeatable. Default: new weights every time. */
  seed?: number;
};

/**
 * h′ = activation(x·W + h·U + b). Input `[B, T, I]`, output `[B, units]`, or `[B, T, units]` with
 * **returnSequences**; the final state follows with **returnState**. Weights: kernel `[I, units]`,
 * recurrent kernel `[units, units]`, bias `[units]`.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/simple_rnn/
 *
 * @throws if an option is not what it says; when called, if an input or a state is of another shape.
 * @example
 * layers.simpleRNN({ units: 64, inputShape: [10, 1] });
 */
export function simpleRNN(args: SimpleRnnArgs): RecurrentLayer {
  prepare();
  return new SimpleRnnLayer(args);
}

/**
 * Long short-term memory, gates i, f, c, o, states h and c. Shapes as in {@link simpleRNN} with 4
 * gates in the weights' columns. The forget gate's bias starts at 1 (**unitForgetBias**), so a new
 * layer remembers.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/lstm/
 *
 * @throws as {@link simpleRNN}.
 * @example
 * layers.lstm({ units: 64, returnSequences: true, inputShape: [10, 1] });
 */
export function lstm(args: LstmArgs): RecurrentLayer {
  prepare();
  return new LstmLayer(args);
}

/**
 * Gated recurrent unit, gates z, r, h. Shapes as in {@link simpleRNN} with 3 gates in the weights'
 * columns, and a bias `[2, 3·units]` (see **resetAfter**).
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/gru/
 *
 * @throws as {@link simpleRNN}.
 * @example
 * layers.gru({ units: 32 });
 */
export function gru(args: GruArgs): RecurrentLayer {
  prepare();
  return new GruLayer(args);
}

/**
 * Runs a copy of **layer** forwards and one backwards in time and joins them by **mergeMode**, by
 * default *concat*: twice the units. Initial and returned states: forward's, then backward's. As in
 * Keras, a seeded layer gives both copies equal weights, and masked steps put out 0.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/bidirectional/
 *
 * @throws if **backwardLayer** does not read the other way or return what **layer** does.
 * @example
 * layers.bidirectional({ layer: layers.lstm({ units: 64 }), inputShape: [10, 1] });
 */
export function bidirectional(args: BidirectionalArgs): BidirectionalLayer {
  prepare();
  return new BidirectionalLayer(args);
}

/**
 * A trainable vector for each of **inputDim** tokens: `[B, T]` of whole numbers to `[B, T,
 * outputDim]`. Starts uniform in ±0.05. **maskZero** hides token 0, the padding, from later layers.
 *
 * Reference: https://keras.io/api/layers/core_layers/embedding/
 *
 * @throws when called, for a token outside 0..inputDim − 1 (on backends that look, as cpu and wasm).
 * @example
 * layers.embedding({ inputDim: 10000, outputDim: 32, maskZero: true, inputLength: 200 });
 */
export function embedding(args: EmbeddingArgs): Layer {
  prepare();
  return new EmbeddingLayer(args);
}

/**
 * activation(x·W + b) on the last axis, without activation by default.
 *
 * Reference: https://keras.io/api/layers/core_layers/dense/
 *
 * @example
 * layers.dense({ units: 1, activation: "sigmoid" });
 */
export function dense(args: DenseLayerArgs): Layer {
  prepare();
  const { seed, ...given } = args;
  const defaults = {
    kernelInitializer: initializers.glorotUniform({ seed }),
    biasInitializer: "zeros" as const,
  };
  return stock.dense(withDefaults(defaults, given));
}

/**
 * Sets the part **rate** of its input to 0 in training and scales the rest by 1 / (1 - rate).
 *
 * Reference: https://keras.io/api/layers/regularization_layers/dropout/
 *
 * @throws if rate is not from 0 to below 1.
 * @example
 * layers.dropout({ rate: 0.2, seed: 1 });
 */
export function dropout(args: DropoutArgs): Layer {
  return new DropoutLayer(args);
}

/** An option given as undefined is one not given. */
function withDefaults<Given extends object>(defaults: object, given: Given): Given {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) } as Given;
}
