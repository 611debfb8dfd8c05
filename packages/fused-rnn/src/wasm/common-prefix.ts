// Rows of a batch that begin with the same tokens: padding before short texts. Their states are the same until
// they part, so one row of a block stands for them all, forwards and backwards.

import type { Blocks } from "./layout.ts";

/** Which rows of a call each step works on, as the descriptor has it. */
export interface CommonPrefix {
  /** The batch row at each position, [B]; a block's first stands for those that have not parted from it. */
  order: Int32Array;
  /** For each block, how many of its rows are worked on before each step, [blocks, T + 1]. */
  activeBefore: Int32Array;
  /** The first step at which a row of the batch is worked on itself, [B]; T for one that never is. */
  firstSteps: Int32Array;
  /** Row-steps of the call, B·T without sharing. */
  work: number;
}

/** A call whose rows may begin alike. */
interface Cut extends Blocks {
  B: number;
  T: number;
  goBackwards: boolean;
}

/** Keeping lists of rows costs what a few steps do: less saved than this share of the work is no gain. */
const LEAST_SAVED = 1 / 16;

/**
 * What the rows of **ids** [B, T] begin alike with; undefined where too few do.
 *
 * What rows have in common is measured against one of them, the one with the longest run of one token
 * at its beginning, as padding is. Rows are dealt to the blocks from the longest common beginning to the
 * shortest, so that blocks take about the same time; within a block, the first stands for the others, which
 * follow in the order in which they part from it.
 */
export function commonPrefix(ids: ArrayLike<number>, cut: Cut): CommonPrefix | undefined {
  const { B, T, R, blocks } = cut;
  const common = commonSteps(ids, cut);
  const byLength = Array.from(common.keys()).sort((a, b) => common[b] - common[a] || a - b);
  const dealt = Array.from({ length: blocks }, (_, block) => {
    const size = Math.min(R, B - block * R);
    return { size, rows: [] as number[] };
  });
  let to = 0;
  for (const row of byLength) {
    while (dealt[to % blocks].rows.length === dealt[to % blocks].size) to++;
    dealt[to++ % blocks].rows.push(row);
  }
  const order = new Int32Array(B);
  const activeBefore = new Int32Array(blocks * (T + 1));
  const firstSteps = common.slice();
  let position = 0;
  let work = 0;
  for (const [block, { rows }] of dealt.entries()) {
    const [first, ...others] = rows;
    others.reverse();
    order.set([first, ...others], position);
    firstSteps[first] = 0;
    position += rows.length;
    let active = 1;
    let before = 0;
    for (let t = 0; t < T; t++) {
      while (active < rows.length && common[others[active - 1]] <= t) active++;
      before += active;
      activeBefore[block * (T + 1) + t + 1] = before;
    }
    work += before;
  }
  return work <= B * T * (1 - LEAST_SAVED) ? { order, activeBefore, firstSteps, work } : undefined;
}

/** How many steps each row has in common with one of them. */
function commonSteps(ids: ArrayLike<number>, { B, T, goBackwards }: Cut): Int32Array {
  const first = goBackwards ? T - 1 : 0;
  const step = goBackwards ? -1 : 1;
  const runs = new Int32Array(B);
  let model = 0;
  for (let b = 0; b < B; b++) {
    const token = ids[b * T + first];
    let run = 0;
    for (let at = b * T + first; run < T && ids[at] === token; at += step) run++;
    runs[b] = run;
    if (run > runs[model]) model = b;
  }
  const begin = model * T + first;
  return runs.map((run, b) => {
    const begins = b * T + first;
    // Of one token repeated they have the shorter run in common.
    let t = ids[begins] === ids[begin] ? run : 0;
    while (t < T && ids[begins + t * step] === ids[begin + t * step]) t++;
    return t;
  });
}
