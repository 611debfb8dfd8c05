import {
  activations,
  type CellKind,
  type CellParams,
  cellOf,
  cellTable,
  type GruTape,
  glorotUniform,
  initialParams,
  type LstmTape,
  type SimpleRnnTape,
  seededRandom,
} from "@rnnkit/core-rnn";

/** The cells that are drawn, by the page's names, in the order of the chart. */
export const drawnCells = { simpleRnn: "SimpleRNN", lstm: "LSTM", gru: "GRU" } as const;

/** A cell that is drawn. */
export type DrawnCell = keyof typeof drawnCells;

/** What a visitor may change. */
export interface UnrolledSettings {
  /** T, from 2. */
  steps: number;
  /** H. */
  units: number;
  /** By which the recurrent kernel, orthogonal at first, is multiplied: its spectral norm, of each gate. */
  recurrentScale: number;
  /** By which the kernel, glorot uniform at first, is multiplied. */
  inputScale: number;
  /** The bias of the gate that keeps: an LSTM's f, which Keras begins with 1, a GRU's z, which it begins with 0. */
  gateBias: number;
  /** Of the weights and the inputs. */
  seed: number;
}

/**
 * What the page begins with: recurrent weights below 1, and gates that keep, σ(3) = 0.95, as training makes them
 * where something is to be remembered.
 */
export const defaultSettings: Readonly<UnrolledSettings> = {
  steps: 20,
  units: 6,
  recurrentScale: 0.7,
  inputScale: 1,
  gateBias: 3,
  seed: 1,
};

/** A network of one input, H units and one output, with its sequence. */
export interface UnrolledNetwork {
  cell: DrawnCell;
  settings: UnrolledSettings;
  params: CellParams;
  /** [H]: y_t = h_t·W_hy. */
  outputKernel: Float64Array;
  /** x_1 … x_T. */
  inputs: Float64Array;
  /** What y_T should be: x_1, the input that is furthest away. */
  target: number;
}

/** What one time step holds after both passes. */
export interface UnrolledStep {
  x: number;
  /** [H]. */
  h: Float64Array;
  /** [H]; an LSTM's. */
  c: Float64Array | undefined;
  y: number;
  /** ∂L/∂h_t, [H]: through y_T at the last step, through step t+1 before it. */
  dh: Float64Array;
  /** ∂L/∂c_t, [H], through step t+1 and through h_t; an LSTM's. */
  dc: Float64Array | undefined;
  /** |∂L/∂h_t|. */
  dhNorm: number;
  /** |∂L/∂c_t|; an LSTM's. */
  dcNorm: number | undefined;
}

/** Both passes over a network. */
export interface UnrolledPasses {
  cell: DrawnCell;
  steps: readonly UnrolledStep[];
  /** ½(y_T − x_1)², of the last step alone. */
  loss: number;
  target: number;
  /**
   * The mean over steps and units of what a step back multiplies by where no weights do: a SimpleRNN's slopes
   * 1 − h², an LSTM's f, a GRU's z.
   */
  keeping: number;
}

const kinds: Readonly<Record<DrawnCell, CellKind>> = {
  simpleRnn: "simpleRnn",
  lstm: "lstm",
  gru: "gruAfter",
};

// A GRU's bias has two rows; the first is the input's.
const keepingGates: Readonly<Record<DrawnCell, string>> = { simpleRnn: "", lstm: "f", gru: "z" };

/**
 * The network of a cell. All cells read the same sequence and have the same output layer; the weights begin as
 * Keras's do, glorot uniform and orthogonal, times the scales of the settings.
 */
export function unrolledNetwork(cell: DrawnCell, settings: UnrolledSettings): UnrolledNetwork {
  const { steps, units, recurrentScale, inputScale, gateBias, seed } = settings;
  const random = seededRandom(seed);
  const inputs = Float64Array.from({ length: steps }, () => random.normal());
  const outputKernel = glorotUniform([units, 1], random);
  const params = initialParams(cellOf(kinds[cell], { inputSize: 1, units }), { seed: seed + 1 });
  const { kernel, recurrentKernel, bias } = params;
  scale(kernel, inputScale);
  scale(recurrentKernel, recurrentScale);
  const keeping = cellTable[kinds[cell]].gates.indexOf(keepingGates[cell]);
  if (bias && keeping >= 0) bias.fill(gateBias, keeping * units, (keeping + 1) * units);
  return { cell, settings, params, outputKernel, inputs, target: inputs[0] };
}

/**
 * The forward pass over all steps, the loss ½(y_T − x_1)² of the last, and the backward pass from it:
 *
 *     h_t = cell(x_t, h_{t−1})    y_t = h_t·W_hy
 *     ∂L/∂h_T = (y_T − x_1)·W_hy    ∂L/∂h_{t−1} = the cell's own backward step of ∂L/∂h_t
 *
 * in float64, by core-rnn's cells, which Keras's recorded numbers and central differences test.
 */
export function unrolledPasses(network: UnrolledNetwork): UnrolledPasses {
  const { cell: name, params, outputKernel, inputs, target } = network;
  const cell = cellOf(kinds[name], { inputSize: 1, units: outputKernel.length });
  const tapes: unknown[] = [];
  const steps: UnrolledStep[] = [];
  let state: Float64Array[] = cell.stateSizes.map((size) => new Float64Array(size));
  for (const x of inputs) {
    const next = cell.step(params, Float64Array.of(x), state);
    ({ state } = next);
    tapes.push(next.tape);
    const [h, c] = state;
    const y = dot(h, outputKernel);
    steps.push({ x, h, c, y, dh: h, dc: undefined, dhNorm: 0, dcNorm: undefined });
  }

  const error = steps[steps.length - 1].y - target;
  const dParams = cell.zerosLike(params);
  const nothing = new Float64Array(outputKernel.length);
  let dState: Float64Array[] = cell.stateSizes.map((_, k) =>
    k === 0 ? outputKernel.map((weight) => error * weight) : nothing,
  );
  for (let t = steps.length - 1; t >= 0; t--) {
    const step = steps[t];
    step.dh = dState[0];
    step.dhNorm = norm(step.dh);
    if (name === "lstm") {
      step.dc = throughOutput(tapes[t] as LstmTape, dState[0], dState[1]);
      step.dcNorm = norm(step.dc);
    }
    ({ dState } = cell.stepBackward(params, tapes[t], nothing, dState, dParams));
  }
  const kept = tapes.map((tape) => keeping(name, tape));
  return { cell: name, steps, loss: error ** 2 / 2, target, keeping: mean(kept) };
}

/** How a gradient changes from the last step back to the first. */
export interface Fading {
  /** |∂L/∂h_1| / |∂L/∂h_T|. */
  ratio: number;
  /** The same a step: ratio^(1/(T−1)). */
  factor: number;
}

/** How the gradients of the state fade, or grow, on their way back. */
export function fading({ steps }: UnrolledPasses): Fading {
  const ratio = steps[0].dhNorm / steps[steps.length - 1].dhNorm;
  return { ratio, factor: ratio ** (1 / (steps.length - 1)) };
}

// c_t has its say in two ways, in c_{t+1} and in h_t = o ⊙ tanh(c_t): the carry alone would be 0 at the last step.
function throughOutput(tape: LstmTape, dh: Float64Array, carry: Float64Array): Float64Array {
  const [, , , o] = tape.gates;
  const { derivative } = activations.tanh;
  return carry.map((dc, j) => dc + dh[j] * o[j] * derivative(tape.cNext[j], tape.cActivated[j]));
}

function keeping(name: DrawnCell, tape: unknown): number {
  if (name === "lstm") return mean((tape as LstmTape).gates[1]);
  if (name === "gru") return mean((tape as GruTape).gates[0]);
  return mean((tape as SimpleRnnTape).hNext.map((h) => 1 - h * h));
}

function scale(weights: Float64Array, factor: number): void {
  for (const [i, weight] of weights.entries()) weights[i] = weight * factor;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j], 0);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function norm(vector: Float64Array): number {
  return Math.hypot(...vector);
}
