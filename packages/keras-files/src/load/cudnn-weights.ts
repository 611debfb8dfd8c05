// The weights of Keras 2's CuDNNLSTM and CuDNNGRU as LSTM's and GRU's: cuDNN holds each gate's matrices turned,
// and a bias of the inputs beside one of the state.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";

/** A weight's values from those in the file. */
export type CudnnConversion = (values: Float32Array) => Float32Array;

const cells: Readonly<Record<string, { kind: CellKind; bias: CudnnConversion }>> = {
  lstm_cell: { kind: "lstm", bias: halvesAdded },
  // [2, 3·units] in the same order.
  gru_cell: { kind: "gruAfter", bias: (values) => values },
};

/**
 * What makes kernel, recurrent kernel and bias of **cell** (`lstm_cell`, `gru_cell`) of those that a file
 * has; undefined if they are not cuDNN's, whose bias is one list of 2 · gates · units numbers.
 */
export function cudnnConversions(
  cell: string,
  shapes: readonly (readonly number[])[],
  saved: readonly (readonly number[])[],
): CudnnConversion[] | undefined {
  const known = Object.hasOwn(cells, cell) ? cells[cell]! : undefined;
  const [kernel, recurrentKernel] = shapes;
  if (!known || shapes.length !== 3 || !kernel || !recurrentKernel) return undefined;
  const { kind, bias } = known;
  const gates = cellTable[kind].gates.length;
  const [I, H] = [kernel[0]!, recurrentKernel[0]!];
  const cudnn = [[I, gates * H], [H, gates * H], [2 * gates * H]];
  if (JSON.stringify(saved) !== JSON.stringify(cudnn)) return undefined;
  // A GRU whose reset comes before has no place for the second bias.
  if (shapes[2]!.length !== cellTable[kind].biasRows) return undefined;
  return [transposed(I, H, gates), transposed(H, H, gates), bias];
}

/** [rows, gates·H], in which gate by gate stands a matrix [H, rows] row by row. */
function transposed(rows: number, H: number, gates: number): CudnnConversion {
  const width = gates * H;
  return (values) => {
    const result = new Float32Array(values.length);
    for (let gate = 0; gate < gates; gate++) {
      for (let row = 0; row < rows; row++) {
        for (let unit = 0; unit < H; unit++) {
          const at = unit * rows + row;
          result[row * width + gate * H + unit] =
            values[Math.floor(at / H) * width + gate * H + (at % H)]!;
        }
      }
    }
    return result;
  };
}

function halvesAdded(values: Float32Array): Float32Array {
  const half = values.length / 2;
  return values.subarray(0, half).map((value, i) => value + values[half + i]!);
}
