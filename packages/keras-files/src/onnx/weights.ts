import type { Tensor } from "@tensorflow/tfjs-core";
import { addWeights, type Graph } from "./graph.ts";

/** How columns of Keras's weights become rows of ONNX's. */
interface Gates {
  units: number;
  /** Where ONNX's gates are among Keras's. */
  gates: readonly number[];
}

/**
 * Adds the weights of one or two directions, kernel [I, G·H], recurrent kernel [H, G·H] and bias each,
 * as ONNX has them: W [D, G·H, I], R [D, G·H, H] and B [D, 2·G·H]. Returns their names, `""` for a bias
 * that no direction has.
 */
export function addRecurrentWeights(
  graph: Graph,
  scope: string,
  weights: readonly (readonly Tensor[])[],
  columns: Gates,
): string[] {
  const [D, GH] = [weights.length, columns.gates.length * columns.units];
  const matrices = async (index: 0 | 1, rows: number) => {
    const packed = new Float32Array(D * GH * rows);
    for (const [d, own] of weights.entries()) {
      const values = (await own[index]!.data()) as Float32Array;
      transposeGates(values, packed.subarray(d * GH * rows), rows, columns);
    }
    return packed;
  };
  const biases = async () => {
    const packed = new Float32Array(D * 2 * GH);
    for (const [d, own] of weights.entries()) {
      // [G·H], or [2, G·H] of a GRU with resetAfter: of the input, then of the state.
      const values = ((await own[2]?.data()) ?? new Float32Array()) as Float32Array;
      for (let at = 0; at < values.length; at += GH) {
        transposeGates(values.subarray(at), packed.subarray(2 * d * GH + at), 1, columns);
      }
    }
    return packed;
  };
  const [I, H] = [weights[0]![0]!.shape[0]!, columns.units];
  return [
    addWeights(graph, `${scope}/W`, [D, GH, I], () => matrices(0, I)),
    addWeights(graph, `${scope}/R`, [D, GH, H], () => matrices(1, H)),
    weights.some((own) => own[2]) ? addWeights(graph, `${scope}/B`, [D, 2 * GH], biases) : "",
  ];
}

/** [rows, G·H] to [G·H, rows], the gates in ONNX's order. */
function transposeGates(
  from: Float32Array,
  to: Float32Array,
  rows: number,
  { units, gates }: Gates,
): void {
  const columns = gates.length * units;
  for (const [place, gate] of gates.entries()) {
    for (let h = 0; h < units; h++) {
      const column = gate * units + h;
      const target = (place * units + h) * rows;
      for (let row = 0; row < rows; row++) to[target + row] = from[row * columns + column]!;
    }
  }
}
