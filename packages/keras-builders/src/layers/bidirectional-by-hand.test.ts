// A Bidirectional in a model beside its two layers run by hand: backward's outputs turned round by tf.reverse, then
// joined. The same bits, in training too; where the model runs as a chain, the same numbers. Dimension letters: B batch, T time, I input, H units.

import "@tensorflow/tfjs-backend-wasm";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { input, model, type SymbolicTensor, layers as stock } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { afterEach, beforeAll, expect, test } from "vitest";
import { setWholeSteps } from "../chain/model-chain.ts";
import type { SequenceArgs } from "../options/recurrent-options.ts";
import type { BidirectionalMergeMode } from "./bidirectional-layer.ts";
import * as layers from "./layers.ts";
import { own } from "./own-cells.fixture.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import { H } from "./rnn-tensors.fixture.ts";

beforeAll(() => tf.setBackend("wasm").then(() => {}));

const [B, T, I] = [3, 4, 2];

type Make = (args: SequenceArgs) => RecurrentLayer;
const kinds: Record<string, Make> = {
  simpleRNN: (args) => layers.simpleRNN({ units: H, ...args }),
  lstm: (args) => layers.lstm({ units: H, ...args }),
  gru: (args) => layers.gru({ units: H, ...args }),
  gruBefore: (args) => layers.gru({ units: H, resetAfter: false, ...args }),
  gelu: (args) => layers.lstm({ units: H, activation: "gelu", ...args }),
  ownCell: (args) => layers.rnn({ cell: own(), ...args }),
  stack: (args) =>
    layers.rnn({
      cell: [layers.lstmCell({ units: 3 }), own(), layers.gruCell({ units: H })],
      ...args,
    }),
};

const joins: Record<string, (y: tf.Tensor, z: tf.Tensor) => tf.Tensor[]> = {
  concat: (y, z) => [tf.concat([y, z], -1)],
  sum: (y, z) => [tf.add(y, z)],
  mul: (y, z) => [tf.mul(y, z)],
  ave: (y, z) => [tf.mul(tf.add(y, z), 0.5)],
  null: (y, z) => [y, z],
};

/** Joins the outputs of both directions as Keras says it. */
class Joined extends stock.Layer {
  static readonly className = "Joined";
  readonly mode: string;
  constructor(mode: string) {
    super({});
    this.mode = mode;
    this.supportsMasking = true;
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    const [y, z] = inputs as [tf.Tensor, tf.Tensor];
    return joins[this.mode]!(y, z.rank === 3 ? tf.reverse(z, 1) : z);
  }
  override computeOutputShape(shapes: never): never {
    const [y] = shapes as (number | null)[][];
    const wide = [...y!.slice(0, -1), 2 * H];
    return (this.mode === "null" ? [y, y] : this.mode === "concat" ? wide : y) as never;
  }
  override computeMask(_: unknown, masks: unknown): never {
    const [mask] = [masks].flat();
    return (this.mode === "null" ? [mask, mask] : mask) as never;
  }
}

const bitsOf = (values: Float32Array) => new Int32Array(values.slice().buffer);

const cases = fc.record({
  kind: fc.constantFrom(...Object.keys(kinds)),
  mergeMode: fc.constantFrom(...Object.keys(joins)),
  // Of the kind the other way, or of another.
  other: fc.constantFrom(undefined, "gru", "ownCell"),
  flags: fc.record({
    goBackwards: fc.boolean(),
    returnSequences: fc.boolean(),
    returnState: fc.boolean(),
    stateful: fc.boolean(),
  }),
  // Steps that count; a row may have none.
  kept: fc.option(fc.array(fc.boolean(), { minLength: B * T, maxLength: B * T }), {
    nil: undefined,
  }),
  seed: fc.nat(),
});

afterEach(() => setWholeSteps(true));

test.each([
  ["layer by layer, bit for bit", false],
  ["as a chain", true],
])(
  "a bidirectional layer in a model is its two layers by hand, %s, in training too",
  async (_, whole) => {
    setWholeSteps(whole);
    await fc.assert(
      fc.asyncProperty(cases, async ({ kind, mergeMode, other, flags, kept, seed }) => {
        const turned = { ...flags, goBackwards: !flags.goBackwards };
        const otherKind = other ?? kind;
        const both = layers.bidirectional({
          layer: kinds[kind]!(flags),
          mergeMode: (mergeMode === "null" ? null : mergeMode) as BidirectionalMergeMode,
          ...(other && { backwardLayer: kinds[other]!(turned) }),
        });
        // Keras has Bidirectional's layers do so.
        const zeroOutputForMask = flags.returnSequences;
        const forward = kinds[kind]!({ ...flags, zeroOutputForMask });
        const backward = kinds[otherKind]!({ ...turned, zeroOutputForMask });
        const modelOf = (run: (x: SymbolicTensor) => SymbolicTensor[]) => {
          const x = input({ batchShape: [B, T, I] });
          const masked = layers.masking().apply(x) as SymbolicTensor;
          const made = model({ inputs: x, outputs: run(masked) });
          made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
          return made;
        };
        const list = (y: unknown) => [y].flat() as SymbolicTensor[];
        const got = modelOf((x) => list(both.apply(x)));
        const wanted = modelOf((x) => {
          const [y, ...states] = list(forward.apply(x));
          const [z, ...more] = list(backward.apply(x));
          return [...list(new Joined(mergeMode).apply([y!, z!])), ...states, ...more];
        });
        const parts = [both.forwardLayer, both.backwardLayer];
        for (const [i, layer] of [forward, backward].entries()) {
          layer.setWeights(parts[i]!.getWeights());
        }
        const uniform = (shape: number[], k: number) =>
          tf.randomUniform(shape, 0.1, 1, "float32", seed + k);
        const keep = tf.tensor(kept ?? Array<boolean>(B * T).fill(true), [B, T, 1], "float32");
        const x = [1, 2].map((k) => tf.mul(uniform([B, T, I], k), keep));
        const valuesOf = (tensors: readonly tf.Tensor[]) =>
          tensors.map((t) => t.dataSync() as Float32Array);
        const everything = async (made: typeof got, weights: () => tf.Tensor[]) => {
          const numbers: Float32Array[] = [];
          for (const batch of x) {
            const outputs = [made.predict(batch, { batchSize: B })].flat();
            numbers.push(...valuesOf(outputs));
            // Of a stateful one the next batch goes on where this one ended.
            const targets = outputs.map(({ shape }, k) => uniform(shape, 10 + k));
            const losses = [await made.trainOnBatch(batch, targets)].flat();
            numbers.push(Float32Array.from(losses), ...valuesOf(weights()));
          }
          return numbers;
        };
        const ofBoth = await everything(got, () => parts.flatMap((part) => part.getWeights()));
        const byHand = await everything(wanted, () =>
          [forward, backward].flatMap((part) => part.getWeights()),
        );
        expect(ofBoth).toHaveLength(byHand.length);
        for (const [k, values] of ofBoth.entries()) {
          if (whole) expect(values).toBeAllclose(byHand[k]!, tolerances.layers.models);
          else expect(bitsOf(values)).toEqual(bitsOf(byHand[k]!));
        }
      }),
      { numRuns: 40 },
    );
  },
);
