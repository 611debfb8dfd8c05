// What SimpleRNN, LSTM and GRU are in a chain, alone and in both directions.

import {
  bidirectionalStage,
  fusedActivations,
  type RecurrentStageOptions,
  recurrentStage,
  type StageMerge,
} from "@rnnkit/fused-rnn";
import type { layers } from "@tensorflow/tfjs-layers";
import { type Link, linkMaker, type Place } from "../chain/layer-links.ts";
import type { FusedLayer } from "./fused-layer.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** A recurrence, if its activations are fused. */
export function recurrentLink(layer: FusedLayer, { isMasked }: Place): Link {
  const reason = refusal(layer);
  if (reason) return { reason };
  const { returnSequences } = layer.options;
  return { stages: [recurrentStage(stageOptions(layer))], isMasked: isMasked && returnSequences };
}

/** What Bidirectional has of two layers. */
interface Directions {
  readonly forwardLayer: Layer;
  readonly backwardLayer: Layer;
  readonly mergeMode: StageMerge | null;
  readonly returnSequences: boolean;
}

/** Two recurrences that are alike but for direction and weights. */
export function bidirectionalLink(
  { forwardLayer: one, backwardLayer: two, mergeMode, returnSequences }: Directions,
  { isMasked }: Place,
): Link {
  if (!(isRecurrent(one) && isRecurrent(two))) return { reason: "its cells are not fused ones" };
  const reason = refusal(one) ?? refusal(two);
  if (reason) return { reason };
  if (mergeMode === null) return { reason: "its outputs are not merged" };
  const directions = [stageOptions(one), stageOptions(two)] as const;
  const isAlike = (["cell", "activation", "recurrentActivation", "zeroOutputForMask"] as const)
    .map((name) => directions[0][name] === directions[1][name])
    .every(Boolean);
  const isOneSize = one.cell.options.units === two.cell.options.units;
  if (!isAlike || !isOneSize) return { reason: "its directions are not alike" };
  const stage = bidirectionalStage(directions, mergeMode);
  return { stages: [stage], isMasked: isMasked && returnSequences, inner: [one, two] };
}

const isRecurrent = (layer: Layer): layer is FusedLayer =>
  linkMaker(layer) === (recurrentLink as unknown);

function refusal({ options, cell }: FusedLayer): string | undefined {
  if (options.returnState) return "it returns its states";
  for (const name of ["activation", "recurrentActivation"] as const) {
    const activation = cell.options[name];
    if (!(fusedActivations as readonly string[]).includes(activation)) {
      return `${activation} is not a fused activation`;
    }
  }
  return undefined;
}

function stageOptions(layer: FusedLayer): RecurrentStageOptions {
  const { cell } = layer;
  const { activation, recurrentActivation } = cell.options;
  const { returnSequences, goBackwards, zeroOutputForMask, stateful } = layer.options;
  return {
    ...{ cell: cell.kind, activation, recurrentActivation },
    ...{ returnSequences, goBackwards, zeroOutputForMask },
    weights: () => ({
      kernel: cell.kernel.read(),
      recurrentKernel: cell.recurrentKernel.read(),
      bias: cell.bias?.read(),
    }),
    dropout: (B, I) => cell.drawArrays(B, I),
    ...(stateful && {
      initialState: () => layer.states,
      carry: (state: readonly Float32Array[]) => layer.carryNumbers(state),
    }),
  };
}
