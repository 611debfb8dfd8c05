import { registerKernels } from "@rnnkit/fused-rnn";
import { tidy } from "@tensorflow/tfjs-core";
import {
  type GRULayerArgs,
  initializers,
  type LSTMLayerArgs,
  type RNN,
  type SimpleRNNLayerArgs,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { installMissingChainedOps } from "./chained-ops.ts";
import { type DropoutArgs, DropoutLayer } from "./dropout-layer.ts";
import { orthogonal } from "./orthogonal.ts";

/*
 * Keras's layers under Keras's names: the one place that knows what they are made of. Now they are
 * tfjs-layers' own with Keras 3's defaults spelled out, where tfjs's differ:
 *
 *     option                  Keras 3          tfjs-layers
 *     kernelInitializer       glorotUniform    glorotNormal
 *     recurrentInitializer    orthogonal       orthogonal, by a slow QR
 *     recurrentActivation     sigmoid          hardSigmoid
 *     unitForgetBias          true             false
 *     activation: null        linear           tanh (SimpleRNN)
 *     GRU's resetAfter        true             not there
 */

type Layer = InstanceType<typeof stock.Layer>;
type DenseArgs = Parameters<typeof stock.dense>[0];
type StockEmbeddingArgs = Parameters<typeof stock.embedding>[0];
type StockBidirectionalArgs = Parameters<typeof stock.bidirectional>[0];

interface Seeded {
  /** Makes the default initializers repeatable. Default: new weights every time. */
  seed?: number;
}

/** What a recurrent layer takes: tfjs-layers' options, a seed, and *null* for no activation. */
type Recurrent<Args extends { activation?: unknown }> = Omit<Args, "activation" | "cell"> &
  Seeded & { activation?: Args["activation"] | null };

export type SimpleRnnArgs = Recurrent<SimpleRNNLayerArgs>;
export type LstmArgs = Recurrent<LSTMLayerArgs>;
export type DenseLayerArgs = DenseArgs & Seeded;
export type EmbeddingArgs = StockEmbeddingArgs & Seeded;
export type BidirectionalArgs = Omit<StockBidirectionalArgs, "layer"> & { layer: RNN };

export interface GruArgs extends Recurrent<GRULayerArgs> {
  /**
   * Where the reset gate stands. Keras 3's default is *true*, after the matrix product; tfjs-layers
   * can only do *false*, before it, so that is the default here until the fused layers come. Weights
   * of the one do not fit the other.
   */
  resetAfter?: boolean;
}

/**
 * h′ = activation(x·W + h·U + b). Input `[B, T, I]`, output `[B, units]`, or `[B, T, units]` with
 * **returnSequences**. **activation** *tanh* by default, *null* for none.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/simple_rnn/
 *
 * @example
 * layers.simpleRNN({ units: 64, inputShape: [10, 1] });
 */
export function simpleRNN(args: SimpleRnnArgs): RNN {
  return stock.simpleRNN(recurrent(args) as SimpleRNNLayerArgs);
}

/**
 * Long short-term memory, gates i, f, c, o. Shapes as in {@link simpleRNN}. **recurrentActivation**
 * *sigmoid*; the forget gate's bias starts at 1 (**unitForgetBias**), so a new layer remembers.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/lstm/
 *
 * @example
 * layers.lstm({ units: 64, returnSequences: true, inputShape: [10, 1] });
 */
export function lstm(args: LstmArgs): RNN {
  const defaults = { recurrentActivation: "sigmoid", unitForgetBias: true };
  return tidyBuild(stock.lstm(recurrent(args, defaults) as LSTMLayerArgs));
}

/**
 * Gated recurrent unit, gates z, r, h. Shapes as in {@link simpleRNN}. **recurrentActivation**
 * *sigmoid*. See **resetAfter** for the one point in which it is not yet Keras 3's.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/gru/
 *
 * @throws if resetAfter is true.
 * @example
 * layers.gru({ units: 32 });
 */
export function gru(args: GruArgs): RNN {
  if (args.resetAfter) {
    throw new Error("gru: expected resetAfter false, all that tfjs-layers can do, got true");
  }
  return stock.gru(recurrent(args, { recurrentActivation: "sigmoid" }) as GRULayerArgs);
}

/**
 * Runs a copy of **layer** forwards and one backwards in time and joins them by **mergeMode**, by
 * default *concat*: twice the units. As in Keras, a seeded layer gives both copies equal weights.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/bidirectional/
 *
 * @example
 * layers.bidirectional({ layer: layers.lstm({ units: 64 }), inputShape: [10, 1] });
 */
export function bidirectional(args: BidirectionalArgs): Layer {
  const both = stock.bidirectional({ mergeMode: "concat", ...args });
  // The copies are made from the config, which names tfjs's slow orthogonal initializer.
  const { forwardLayer, backwardLayer } = both as unknown as Record<string, StockRnn>;
  for (const { cell } of [forwardLayer!, backwardLayer!]) {
    if (cell.recurrentInitializer?.getClassName() === "Orthogonal") {
      cell.recurrentInitializer = orthogonal(cell.recurrentInitializer.getConfig());
    }
  }
  return tidyBuild(both);
}

/**
 * A trainable vector for each of **inputDim** tokens: `[B, T]` of whole numbers to `[B, T,
 * outputDim]`. Starts uniform in ±0.05. **maskZero** hides token 0, the padding, from later layers.
 *
 * Reference: https://keras.io/api/layers/core_layers/embedding/
 *
 * @example
 * layers.embedding({ inputDim: 10000, outputDim: 32, maskZero: true, inputLength: 200 });
 */
export function embedding(args: EmbeddingArgs): Layer {
  prepare();
  const { seed, ...given } = args;
  const embeddingsInitializer = initializers.randomUniform({ minval: -0.05, maxval: 0.05, seed });
  return stock.embedding(withDefaults({ embeddingsInitializer }, given));
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

interface StockRnn {
  cell: { recurrentInitializer?: ReturnType<typeof initializers.orthogonal> };
}

function prepare(): void {
  installMissingChainedOps();
  registerKernels();
}

/** tfjs puts the LSTM's bias together from tensors that it forgets; weights outlive a tidy. */
function tidyBuild<L extends Layer>(layer: L): L {
  const build = layer.build.bind(layer);
  layer.build = (inputShape) => tidy(() => build(inputShape));
  return layer;
}

function recurrent<Args extends Seeded & { activation?: unknown; recurrentInitializer?: unknown }>(
  args: Args,
  more: object = {},
): object {
  prepare();
  const { seed, ...given } = args;
  const defaults = {
    activation: "tanh",
    kernelInitializer: initializers.glorotUniform({ seed }),
    recurrentInitializer: orthogonal({ seed }),
    biasInitializer: "zeros",
    ...more,
  };
  if (given.activation === null) given.activation = "linear";
  if (given.recurrentInitializer === "orthogonal") given.recurrentInitializer = undefined;
  return withDefaults(defaults, given);
}

/** An option given as undefined is one not given. */
function withDefaults<Given extends object>(defaults: object, given: Given): Given {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) } as Given;
}
