import type { layers as stock } from "@tensorflow/tfjs-layers";
import type {
  GruArgs,
  GruCellArgs,
  LstmArgs,
  LstmCellArgs,
  SimpleRnnArgs,
  SimpleRnnCellArgs,
} from "../cells/cell-options.ts";
import { GruCell } from "../cells/gru-cell.ts";
import { LstmCell } from "../cells/lstm-cell.ts";
import { SimpleRnnCell } from "../cells/simple-rnn-cell.ts";
import { StackedCells, type StackedCellsArgs } from "../cells/stacked-cells.ts";
import { checkOptions } from "../options/known-options.ts";
import { prepare } from "../prepare.ts";
import { type BidirectionalArgs, BidirectionalLayer } from "./bidirectional-layer.ts";
import { type DenseLayerArgs, denseLayer } from "./dense-layer.ts";
import { type DropoutArgs, DropoutLayer } from "./dropout-layer.ts";
import { type EmbeddingArgs, EmbeddingLayer } from "./embedding-layer.ts";
import type { FusedLayer } from "./fused-layer.ts";
import { GruLayer } from "./gru-layer.ts";
import { LstmLayer } from "./lstm-layer.ts";
import { type MaskingArgs, MaskingLayer } from "./masking-layer.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { type RnnArgs, RnnLayer } from "./rnn-layer.ts";
import { SimpleRnnLayer } from "./simple-rnn-layer.ts";
import { type TimeDistributedArgs, TimeDistributedLayer } from "./time-distributed-layer.ts";

/*
 * Keras's layers under Keras's names: the one place that knows what they are made of. The recurrent
 * ones run on the fused operations of @rnnkit/fused-rnn. Where tfjs-layers' defaults differ from
 * Keras 3's, these are Keras 3's:
 *
 *     option                  Keras 3          tfjs-layers
 *     kernelInitializer       glorotUniform    glorotNormal
 *     recurrentInitializer    orthogonal       orthogonal, by a slow QR
 *     recurrentActivation     sigmoid          hardSigmoid
 *     hardSigmoid             relu6(x + 3)/6   0.2x + 0.5, hardSigmoidKeras2 here
 *     unitForgetBias          true             false
 *     activation: null        linear           tanh (SimpleRNN)
 *     GRU's resetAfter        true             not there
 */

type Layer = InstanceType<typeof stock.Layer>;

export * from "./spatial-layers.ts";
export * from "./stock-layers.ts";
export type { DenseLayerArgs };

/**
 * h′ = activation(x·W + h·U + b). Input `[B, T, I]`, output `[B, units]`, or `[B, T, units]` with
 * **returnSequences**; the final state follows with **returnState**. Weights: kernel `[I, units]`,
 * recurrent kernel `[units, units]`, bias `[units]`.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/simple_rnn/
 *
 * @throws if an option is not what it says or none of the layer's; when called, if an input or a state is
 * of another shape.
 * @example
 * layers.simpleRNN({ units: 64, inputShape: [10, 1] });
 */
export function simpleRNN(args: SimpleRnnArgs): FusedLayer {
  prepare();
  return new SimpleRnnLayer(checkOptions("simpleRNN", args));
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
export function lstm(args: LstmArgs): FusedLayer {
  prepare();
  return new LstmLayer(checkOptions("lstm", args));
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
export function gru(args: GruArgs): FusedLayer {
  prepare();
  return new GruLayer(checkOptions("gru", args));
}

/**
 * Runs **cell** over a sequence, `[B, T, I]` to `[B, outputSize]`, or `[B, T, outputSize]` with
 * **returnSequences**; the final states follow with **returnState**. The cell is one of this
 * package, one of your own (extend `RecurrentCell`), one of tfjs-layers', or a list, each reading what
 * the one before puts out.
 *
 * This package's cells run as fused operations, one for each cell of a list; another cell runs step
 * by step, and costs what its operations cost. States go in and come out as one flat list, the first
 * cell's first, where Keras nests them cell by cell. A stateful layer starts from the cell's
 * `getInitialState`, and resets to zero.
 *
 * Reference: https://keras.io/api/layers/base_rnn/
 *
 * @throws as {@link simpleRNN}, and if a cell does not give the output and states that it announces.
 * @example
 * const cell = [layers.lstmCell({ units: 8 }), layers.gruCell({ units: 4 })];
 * layers.rnn({ cell, returnState: true, inputShape: [10, 2] }); // [B, 4], then h, c and h
 */
export function rnn(args: RnnArgs): RecurrentLayer {
  prepare();
  return new RnnLayer(checkOptions("rnn", args));
}

/**
 * Cells on top of each other as one: for {@link rnn}, which makes it of a list by itself, or as a
 * layer, `[output, ...state′]` of `[x, ...state]`. Weights and states are the first cell's first.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/stacked_rnn_cells/
 *
 * @throws if **cells** is empty or one of them is no cell.
 * @example
 * layers.stackedRNNCells({ cells: [layers.lstmCell({ units: 8 }), layers.lstmCell({ units: 8 })] });
 */
export function stackedRNNCells(args: StackedCellsArgs): StackedCells {
  prepare();
  return new StackedCells(checkOptions("stackedRNNCells", args));
}

/**
 * One step of {@link simpleRNN}, for {@link rnn} or as a layer: `[h′, h′]` of `[x, h]`, x `[B, I]`, h
 * `[B, units]`. Without h it starts from zero. Called by itself it draws new dropout masks every time.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/simple_rnn_cell/
 *
 * @throws as {@link simpleRNN}.
 * @example
 * const [output, h] = layers.simpleRNNCell({ units: 4 }).apply([tf.ones([1, 2]), tf.zeros([1, 4])]);
 */
export function simpleRNNCell(args: SimpleRnnCellArgs): SimpleRnnCell {
  prepare();
  return new SimpleRnnCell(checkOptions("simpleRNNCell", args));
}

/**
 * One step of {@link lstm}, for {@link rnn} or as a layer: `[h′, h′, c′]` of `[x, h, c]`.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/lstm_cell/
 *
 * @throws as {@link simpleRNN}.
 * @example
 * layers.rnn({ cell: layers.lstmCell({ units: 64 }) }); // layers.lstm({ units: 64 })
 */
export function lstmCell(args: LstmCellArgs): LstmCell {
  prepare();
  return new LstmCell(checkOptions("lstmCell", args));
}

/**
 * One step of {@link gru}, for {@link rnn} or as a layer: `[h′, h′]` of `[x, h]`.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/gru_cell/
 *
 * @throws as {@link simpleRNN}.
 * @example
 * layers.rnn({ cell: [layers.gruCell({ units: 64 }), layers.gruCell({ units: 32 })] });
 */
export function gruCell(args: GruCellArgs): GruCell {
  prepare();
  return new GruCell(checkOptions("gruCell", args));
}

/**
 * Runs a copy of **layer** forwards and one backwards in time and joins them by **mergeMode**, by
 * default *concat*: twice the units. Initial and returned states: forward's, then backward's. A seeded
 * layer gives both copies equal weights. As in Keras, masked steps put out 0 with returnSequences.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/bidirectional/
 *
 * @throws if **backwardLayer** does not read the other way, return what **layer** does, or have its units
 * where outputs are not concatenated.
 * @example
 * layers.bidirectional({ layer: layers.lstm({ units: 64 }), inputShape: [10, 1] });
 */
export function bidirectional(args: BidirectionalArgs): BidirectionalLayer {
  prepare();
  return new BidirectionalLayer(checkOptions("bidirectional", args));
}

/**
 * A trainable vector for each of **inputDim** tokens: `[B, T]` of whole numbers to `[B, T,
 * outputDim]`. Starts uniform in ±0.05. **maskZero** hides token 0, the padding, from later layers.
 *
 * Reference: https://keras.io/api/layers/core_layers/embedding/
 *
 * @throws if **weights** are not [inputDim, outputDim]; when called, for a token outside 0..inputDim − 1
 * (on backends that look, as cpu and wasm).
 * @example
 * layers.embedding({ inputDim: 10000, outputDim: 32, maskZero: true, inputLength: 200 });
 */
export function embedding(args: EmbeddingArgs): EmbeddingLayer {
  prepare();
  return new EmbeddingLayer(checkOptions("embedding", args));
}

/**
 * Hides every time step whose features all are **maskValue**, 0 by default, from later layers: `[B, T,
 * ...]` to the same with 0 in those steps, and a mask `[B, T]`. What is in a masked step, infinity for
 * one, reaches neither the output nor a gradient.
 *
 * Reference: https://keras.io/api/layers/core_layers/masking/
 *
 * @throws if **maskValue** is not a number.
 * @example
 * layers.masking({ maskValue: -1, inputShape: [10, 2] });
 */
export function masking(args: MaskingArgs = {}): MaskingLayer {
  prepare();
  return new MaskingLayer(checkOptions("masking", args));
}

/**
 * **layer** for every time step, `[B, T, ...]` to `[B, T, ...]`, all steps in one call of `[B·T, ...]`
 * rows. A layer that sees more than one row at a time (batch normalisation, one that is stateful, a
 * dropout with a noiseShape, a model with an activity regularizer in it) is called once a step, as Keras
 * does. A mask `[B, T, ...]` goes on as it is, and each step's, `[B, ...]`, to **layer**: so an LSTM in it
 * obeys the mask of `[B, T, T′]` tokens. As in Keras, an activity regularizer of **layer** itself has no
 * effect; give one here.
 *
 * Reference: https://keras.io/api/layers/recurrent_layers/time_distributed/
 *
 * @throws if **layer** is none or has several outputs; when called, for an input of less than 3 axes or
 * other features than before, or a mask of another batch or time.
 * @example
 * layers.timeDistributed({ layer: layers.dense({ units: 1 }), inputShape: [10, 8] });
 */
export function timeDistributed(args: TimeDistributedArgs): TimeDistributedLayer {
  prepare();
  return new TimeDistributedLayer(checkOptions("timeDistributed", args));
}

/**
 * activation(x·W + b) on the last axis, without activation by default. Its constraints hold after every
 * step and its activity regularizer reaches the loss; in a Dense that `tf.loadLayersModel` made they do not.
 *
 * Reference: https://keras.io/api/layers/core_layers/dense/
 *
 * @example
 * layers.dense({ units: 1, activation: "sigmoid" });
 */
export function dense(args: DenseLayerArgs): Layer {
  return denseLayer(args);
}

/**
 * Sets the part **rate** of its input to 0 in training and scales the rest by 1 / (1 - rate).
 * **noiseShape** shares what is drawn along an axis.
 *
 * Reference: https://keras.io/api/layers/regularization_layers/dropout/
 *
 * @throws if **rate** is not from 0 to 1.
 * @example
 * layers.dropout({ rate: 0.2, seed: 1 });
 */
export function dropout(args: DropoutArgs): DropoutLayer {
  prepare();
  return new DropoutLayer(checkOptions("dropout", args));
}
