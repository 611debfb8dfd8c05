// A recurrence and its like the other way round as one stage, their outputs merged.

import { type Flow, sizeOf } from "./flow.ts";
import {
  checkActivations,
  listed,
  type RecurrentStageOptions,
  runDirections,
} from "./recurrent-stage.ts";
import type { Pass, Stage } from "./stage.ts";
import { keeping, type StageMemory } from "./stage-memory.ts";

/** How two outputs become one. */
export type StageMerge = "concat" | "sum" | "ave" | "mul";

/**
 * Two directions of a chain over one sequence, alike but for direction and weights; the second's outputs come in the
 * opposite of the order in which it reads. [B, T, I] to [B, T, 2H] with *concat*, to [B, T, H] with the others, or
 * without T.
 *
 * @throws as `recurrentStage`
 * @example
 * bidirectionalStage([options, { ...options, goBackwards: true, weights: others }], "concat");
 */
export function bidirectionalStage(
  [first, second]: readonly [RecurrentStageOptions, RecurrentStageOptions],
  merge: StageMerge,
): Stage {
  for (const each of [first, second]) checkActivations(each);
  const directions = [first, { ...second, reverseOutputs: true }];
  return {
    weights: () => directions.flatMap((direction) => listed(direction.weights())),
    run(x, pass) {
      const both = runDirections(directions, x, pass);
      try {
        const [y, z] = both.outputs;
        const run = keeping(pass.instance.heap, (memory) => {
          const output = merged(y, z, merge, memory, pass);
          return {
            output: y.mask ? { ...output, mask: y.mask } : output,
            backward(dy, needsInput) {
              const dxs = both.backward(parted(dy, [y, z], merge, memory, pass), needsInput);
              if (!dxs) return undefined;
              const dx = memory.make(x.shape);
              const [to, a, b] = [dx.read(), dxs[0].read(), dxs[1].read()];
              for (let i = 0; i < to.length; i++) to[i] = a[i] + b[i];
              return dx;
            },
          };
        });
        const release = () => {
          run.release();
          both.release();
        };
        return { ...run, release };
      } catch (error) {
        both.release();
        throw error;
      }
    },
  };
}

/** Rows of **from** to columns of **to**, or back. */
function moveHalf(from: Flow, to: Flow, half: 0 | 1, widths: readonly number[], pass: Pass): void {
  const isWide = from.shape.at(-1) !== widths[half];
  const n = widths[half];
  const rows = sizeOf(isWide ? to.shape : from.shape) / n;
  const [narrow, wide] = [n * 4, (widths[0] + widths[1]) * 4];
  const column = half * widths[0] * 4;
  const [source, target] = [from.address as number, to.address as number];
  const { moveRows } = pass.instance.kernels;
  if (isWide) moveRows(source + column, wide, rows, n, target, narrow);
  else moveRows(source, narrow, rows, n, target + column, wide);
}

function merged(y: Flow, z: Flow, merge: StageMerge, { make }: StageMemory, pass: Pass): Flow {
  const widths = [y.shape.at(-1) as number, z.shape.at(-1) as number];
  if (merge === "concat") {
    const out = make([...y.shape.slice(0, -1), widths[0] + widths[1]]);
    moveHalf(y, out, 0, widths, pass);
    moveHalf(z, out, 1, widths, pass);
    return out;
  }
  const out = make(y.shape);
  const [to, a, b] = [out.read(), y.read(), z.read()];
  if (merge === "mul") for (let i = 0; i < to.length; i++) to[i] = a[i] * b[i];
  else {
    const share = merge === "ave" ? 0.5 : 1;
    for (let i = 0; i < to.length; i++) to[i] = Math.fround(a[i] + b[i]) * share;
  }
  return out;
}

/** What comes back to each direction. */
function parted(
  dy: Flow,
  [y, z]: readonly [Flow, Flow],
  merge: StageMerge,
  memory: StageMemory,
  pass: Pass,
): Flow[] {
  const widths = [y.shape.at(-1) as number, z.shape.at(-1) as number];
  const { make } = memory;
  if (merge === "concat") {
    const given = { ...dy, address: memory.addressOf(dy) };
    const halves = [make(y.shape), make(z.shape)];
    moveHalf(given, halves[0], 0, widths, pass);
    moveHalf(given, halves[1], 1, widths, pass);
    return halves;
  }
  const [first, second] = [make(y.shape), make(z.shape)];
  const [to, back, from] = [[first.read(), second.read()], dy.read(), [y.read(), z.read()]];
  for (let i = 0; i < back.length; i++) {
    to[0][i] = merge === "mul" ? back[i] * from[1][i] : merge === "ave" ? back[i] * 0.5 : back[i];
    to[1][i] = merge === "mul" ? back[i] * from[0][i] : to[0][i];
  }
  return [first, second];
}
