// Calls by tokens, whole in the engine, beside the same calls step by step, which the reference vouches for.

import type { CellKind } from "@rnnkit/core-rnn";
import { cellKinds, cellTable, seededRandom } from "@rnnkit/core-rnn";
import { expect, test } from "vitest";
import type { CallShape } from "../call.ts";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import { backward, gradientOf } from "./backward.ts";
import { type ForwardArrays, forward } from "./forward.ts";
import { getInstance } from "./instance.ts";
import { view } from "./regions.ts";
import type { SavedCall } from "./saved-call.ts";
import { scatterTokenGradients } from "./token-plan.ts";

interface Sizes {
  B: number;
  T: number;
  I: number;
  H: number;
  words: number;
}
const small: Sizes = { B: 21, T: 17, I: 8, H: 18, words: 7 };
/** Rows of gradients of more than 512 columns, more words a block than are added up at a time. */
const large = (cell: CellKind): Sizes => ({
  ...{ B: 18, T: 120, I: 21, words: 200 },
  H: cell === "simpleRnn" ? 517 : cell === "lstm" ? 131 : 175,
});

function callOf(cell: CellKind, { B, T, I, H, words }: Sizes, options: Partial<CallShape>) {
  const random = seededRandom(B + H);
  const fill = (n: number, scale: number) =>
    Float32Array.from({ length: n }, () => random.normal() * scale);
  const padding = Array.from({ length: B }, (_, b) => (b * 7) % (T + 1));
  const tokens = Int32Array.from(paddedTokens(T, padding, words, options.goBackwards).flat());
  const table = fill(words * I, 1);
  const G = cellTable[cell].gates.length;
  const data: ForwardArrays = {
    x: Float32Array.from({ length: B * T * I }, (_, i) => {
      return table[tokens[Math.floor(i / I)]! * I + (i % I)]!;
    }),
    kernel: fill(I * G * H, 1 / Math.sqrt(I)),
    recurrentKernel: fill(H * G * H, 0.7 / Math.sqrt(H)),
    bias: fill(cellTable[cell].biasRows * G * H, 0.5),
    mask: options.masked ? Uint8Array.from(tokens, (token) => (token % 3 ? 1 : 0)) : undefined,
  };
  const shape: CallShape = {
    ...{ cell, B, T, I, H, activation: "tanh", recurrentActivation: "sigmoid", training: true },
    ...{ returnSequences: true, goBackwards: false, zeroOutputForMask: false, masked: false },
    ...{ dropoutVariants: 0, ...options },
  };
  return { shape, data, tokens };
}

function poison(): void {
  const { heap } = getInstance();
  const address = heap.allocate(1 << 23);
  view(heap, address, 1 << 21).fill(Number.NaN);
  heap.release(address);
}

/** dx by token. */
function gradientByToken(saved: SavedCall, tokens: Int32Array, words: number): Float32Array {
  const { B, T, I } = saved.shape;
  const lies = gradientOf(saved, "x");
  const dx = saved.words ? new Float32Array(B * T * I) : lies;
  if (saved.words) scatterTokenGradients(saved.shape, saved.words, lies, dx);
  const sums = new Float32Array(words * I);
  for (let i = 0; i < dx.length; i++) sums[tokens[Math.floor(i / I)]! * I + (i % I)]! += dx[i]!;
  return sums;
}

function everything(shape: CallShape, data: ForwardArrays, tokens: Int32Array, words: number) {
  poison();
  const { outputs, state, saved, release } = forward(shape, data);
  const values = [outputs, ...state].map((numbers) => numbers.slice());
  release();
  if (!saved) throw new Error("expected a saved");
  const random = seededRandom(1);
  const cotangent = ({ length }: Float32Array) =>
    Float32Array.from({ length }, () => random.normal());
  const [dOutputs, h, c] = values.map(cotangent);
  const gradients: Float32Array[] = [];
  poison();
  for (const needDx of [true, false, true]) {
    backward(saved, { outputs: dOutputs, h, c }, needDx);
    const weights = ["kernel", "recurrentKernel", "bias"] as const;
    gradients.push(...weights.map((name) => gradientOf(saved, name).slice()));
    if (needDx) gradients.push(gradientByToken(saved, tokens, words));
  }
  const byToken = saved.words !== undefined;
  saved.release();
  return { values, gradients, byToken };
}

const ways: [string, Partial<CallShape>][] = [
  ["rows that begin alike", { decidedBy: "start" }],
  ["rows that begin alike, the last output", { decidedBy: "start", returnSequences: false }],
  ["rows that end alike, backwards", { decidedBy: "end", goBackwards: true }],
  ["words", { decidedBy: "step" }],
  ["words, backwards", { decidedBy: "step", goBackwards: true }],
  ["words under a mask", { decidedBy: "step", masked: true }],
];

for (const cell of cellKinds) {
  test.each(ways)(
    `${cell} by %s: the outputs of working out every step, and its gradients`,
    (_, options) => {
      for (const sizes of [small, large(cell)]) {
        const { decidedBy, ...rest } = options;
        // All outputs of the large ones would be compared for seconds.
        const short = sizes === small ? {} : { returnSequences: false };
        const { shape, data, tokens } = callOf(cell, sizes, { ...rest, ...short });
        const each = everything(shape, data, tokens, sizes.words);
        const by = everything(
          { ...shape, ...options, ...short },
          { ...data, tokens },
          tokens,
          sizes.words,
        );
        expect(by.byToken).toBe(decidedBy === "step");
        expect(by.values).toEqual(each.values);
        for (const [k, gradient] of by.gradients.entries()) {
          expect(gradient).toBeAllclose(each.gradients[k]!, { rtol: 0, ofLargest: 1e-5 });
        }
      }
    },
  );
}
