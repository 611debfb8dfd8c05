// Stages without sums: a lookup, what is masked, and another shape.

import type { Tensor } from "@tensorflow/tfjs-core";
import { newTensors, readTensor } from "../tfjs/tensor-access.ts";
import { idsOf } from "../wasm/token-ids.ts";
import { addTokenGradients, copyRows } from "../wasm/token-plan.ts";
import { flowOf } from "./flow.ts";
import type { Stage, StageRun } from "./stage.ts";

const nothing = () => {};

/** What tells a lookup from another. */
export interface LookupStageOptions {
  /** Whose it is, in errors. */
  who: string;
  /** [V, F], as it is now. */
  table(): Tensor;
  /** Whether id 0 does not count. */
  masksZero: boolean;
  /** Whether the stage behind is a recurrence, which looks the sequence up itself. */
  isLeft: boolean;
}

/**
 * Rows of a table by ids, [B, T] to [B, T, F].
 *
 * @throws when it runs, for an id that is none of a row.
 * @example
 * lookupStage({ who: "words", table: () => table, masksZero: false, isLeft: true });
 */
export function lookupStage({ who, table, masksZero, isLeft }: LookupStageOptions): Stage {
  return {
    weights: () => [table()],
    run(x, pass) {
      const weight = table();
      const [V, F] = weight.shape as [number, number];
      const tokens = x.read();
      const ids = idsOf(who, tokens, V, "tokens").slice();
      const rows = readTensor(pass.backend, weight) as Float32Array;
      const shape = [...x.shape, F];
      // As Keras asks: of the token that was given, not of the row that it names.
      const mask = masksZero ? Uint8Array.from(tokens, (n) => (n === 0 ? 0 : 1)) : undefined;
      if (isLeft) {
        const lookup = { ids, weight, table: rows };
        // The recurrence puts the table's gradient where it belongs.
        const output = { shape, read: x.read, lookup, mask };
        return { output, backward: () => undefined, release: nothing };
      }
      const vectors = new Float32Array(ids.length * F);
      copyRows(rows, F, ids, vectors, F);
      return {
        output: flowOf(vectors, shape, { mask }),
        backward(dy) {
          if (!pass.trained.has(weight)) return undefined;
          const { arrays, finish } = newTensors(pass.backend, [V, F], 1);
          addTokenGradients(dy.read(), F, ids, arrays[0].fill(0), F);
          pass.gradients.set(weight, finish()[0]);
          return undefined;
        },
        release: nothing,
      };
    },
  };
}

/**
 * Steps whose features all are **value** do not count in the recurrences behind, and become 0.
 *
 * @example
 * maskingStage(0);
 */
export function maskingStage(value: number): Stage {
  const masked = Math.fround(value);
  return {
    weights: () => [],
    run(x): StageRun {
      const F = x.shape.at(-1) as number;
      const values = x.read().slice();
      const mask = new Uint8Array(values.length / F);
      for (let i = 0; i < mask.length; i++) {
        const step = values.subarray(i * F, (i + 1) * F);
        mask[i] = step.some((number) => number !== masked) ? 1 : 0;
        if (mask[i] === 0) step.fill(0);
      }
      const output = { shape: x.shape, read: () => values, mask };
      const backward: StageRun["backward"] = (dy) => {
        const kept = dy.read().slice();
        for (let i = 0; i < mask.length; i++) if (!mask[i]) kept.fill(0, i * F, (i + 1) * F);
        return { shape: x.shape, read: () => kept };
      };
      return { output, backward, release: nothing };
    },
  };
}

/**
 * The same numbers in another shape of as many.
 *
 * @example
 * reshapeStage(([B, T, F]) => [B, T * F]);
 */
export function reshapeStage(shapeOf: (shape: readonly number[]) => readonly number[]): Stage {
  return {
    weights: () => [],
    run: (x) => ({
      output: { ...x, shape: shapeOf(x.shape), mask: undefined, prefixIds: undefined },
      backward: (dy) => ({ ...dy, shape: x.shape }),
      release: nothing,
    }),
  };
}
