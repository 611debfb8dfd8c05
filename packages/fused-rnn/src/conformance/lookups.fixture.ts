// A sequence as ids and the table of their vectors: the outputs are those of the vectors, bit for bit, and the
// gradient is the table's.

import { type CellKind, cellKinds } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallShape } from "../call.ts";
import type { RecurrentInput, RecurrentWeights } from "../options.ts";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import { expectAgreement } from "./agreement.fixture.ts";
import {
  bothDirections,
  cotangentsOf,
  type Drawn,
  differentiate,
  drawnShape,
  expectSameBits,
  type Inputs,
  inScope,
  inTurn,
  manyUnits,
  type Numbers,
  numbersOf,
  plain,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "./call.fixture.ts";
import { drawsFor, type EngineUnderTest } from "./engine-under-test.fixture.ts";

/** Of numbers that are added up by token in place of by step. */
const near = { rtol: 0, ofLargest: 2e-6 };
/** Of sums of thousands of them. */
const nearMany = { rtol: 0, ofLargest: 1e-5 };

/** A call as a lookup in a table of **rows** vectors. */
function lookupOf(shape: CallShape, drawn: Drawn, rows: number, ids: readonly number[]): Numbers {
  const { x: _, ...numbers } = numbersOf(shape, drawn);
  const { x: table } = numbersOf({ ...shape, B: 1, T: rows }, { ...plain, seed: drawn.seed + 9 });
  return { ...numbers, table, ids: Int32Array.from(ids) };
}

/** The op on vectors that tfjs gathers: the gradient goes on to the table. */
const gathering: typeof run = (shape, { ids, table, ...inputs }) =>
  run(shape, { ...inputs, x: tf.gather(table as tf.Tensor, tf.cast(ids as tf.Tensor, "int32")) });

/** Expects a lookup to be the gathered vectors. */
async function expectGathered(
  shape: CallShape,
  numbers: Numbers,
  tolerance: object,
): Promise<void> {
  await inScope(async () => {
    const inputs = tensorsOf(shape, numbers);
    const cotangents = cotangentsOf(shape, 2);
    expectSameBits(await valuesOf(run(shape, inputs)), await valuesOf(gathering(shape, inputs)));
    const looked = await differentiate(shape, inputs, cotangents);
    const each = await differentiate(shape, inputs, cotangents, undefined, gathering);
    expectSameBits(looked.results, each.results);
    for (const [name, values] of Object.entries(each.gradients)) {
      expect(looked.gradients[name as "table"]).toBeAllclose(values, tolerance);
    }
  });
}

const [T, I, H, words] = [23, 9, 6, 11];
const padding = [9, 23, 0, 23, 14, 14, 3, 20, 1, 22, 23, 5, 17, 0, 12, 8, 19, 2, 21];
const B = padding.length;

interface Way {
  shape?: Partial<CallShape>;
  keeps?: (id: number) => boolean;
  initialState?: boolean;
}
const ways: [string, Way][] = [
  ["all outputs", {}],
  ["the last output", { shape: { returnSequences: false } }],
  ["read backwards", { shape: { goBackwards: true } }],
  ["read backwards, put out in order", { shape: { goBackwards: true, reverseOutputs: true } }],
  [
    "relu, the last output, backwards",
    { shape: { activation: "relu", returnSequences: false, goBackwards: true } },
  ],
  ["under a mask", { keeps: (id) => id !== 0 }],
  [
    "under a mask with holes, backwards",
    { keeps: (id) => id % 3 !== 0, shape: { goBackwards: true, zeroOutputForMask: true } },
  ],
  ["from given states", { initialState: true }],
];

function wayOf(
  cell: CellKind,
  { shape: given, keeps, initialState = false }: Way,
  sizes = { B, T, I, H },
) {
  const shape = shapeOf(cell, { ...sizes, masked: keeps !== undefined, ...given });
  const zeros =
    sizes.B === B ? padding : Array.from({ length: sizes.B }, (_, b) => (b * 7) % (sizes.T + 1));
  return { shape, zeros, drawn: { ...plain, initialState } };
}

/** Rows of gradients of more than 512 columns, more tokens a block than are added up at a time. */
const large = (cell: CellKind) => ({
  ...{ B: 18, T: 120, I: 21 },
  H: manyUnits(cell),
});

/** A drawn lookup: few tokens or many, of few inputs or many. */
const drawnLookup = fc
  .record({
    cell: fc.constantFrom(...cellKinds),
    B: fc.integer({ min: 1, max: 19 }),
    T: fc.integer({ min: 1, max: 12 }),
    I: fc.integer({ min: 1, max: 20 }),
    H: fc.integer({ min: 1, max: 20 }),
    returnSequences: fc.boolean(),
    goBackwards: fc.boolean(),
    reverseOutputs: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
  })
  .chain(({ cell, ...sizes }) =>
    fc.record({
      shape: fc.constant(shapeOf(cell, sizes)),
      rows: fc.constantFrom(1, 3, 40),
      // Mostly one token: rows then begin, or end, with the same.
      ids: fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat()), {
        minLength: sizes.B * sizes.T,
        maxLength: sizes.B * sizes.T,
      }),
      drawn: fc.record({
        initialState: fc.nat(3).map((n) => n === 3),
        mask: fc.constantFrom("none" as const, "none" as const, "random" as const, "left" as const),
        input: fc.constantFrom(...(["none", "none", "none", "shared", "gates"] as const)),
        recurrent: fc.constantFrom(...(["none", "none", "none", "shared", "gates"] as const)),
        bias: fc.boolean(),
        seed: fc.nat(),
      }),
    }),
  );

/** Lookups beside the reference, and beside the vectors. */
export function lookupTests(suite: EngineUnderTest): void {
  test("a lookup agrees with the reference under every combination of options", async () => {
    await fc.assert(
      fc.asyncProperty(drawnLookup, async ({ shape: drawnSizes, rows, ids, drawn }) => {
        const shape = drawnShape(drawnSizes, drawn);
        const given = lookupOf(
          shape,
          drawn,
          rows,
          ids.map((id) => id % rows),
        );
        await expectAgreement(suite, shape, given, drawn.seed);
        await expectGathered(shape, given, { rtol: 0, atol: 1e-6, ofLargest: 1e-5 });
      }),
      { numRuns: drawsFor(suite, 100) },
    );
  });

  describe.each(cellKinds)("%s", (cell) => {
    test.each(ways)(
      "a lookup, %s: the bits of the vectors, and the table's gradient",
      async (_, way) => {
        const { shape, zeros, drawn } = wayOf(cell, way);
        const ids = paddedTokens(T, zeros, words, shape.goBackwards).flat();
        const numbers = lookupOf(shape, drawn, words, ids);
        if (way.keeps) numbers.mask = Uint8Array.from(ids, (id) => Number(way.keeps?.(id)));
        await expectGathered(shape, numbers, near);
      },
    );

    // Where kernels cut rows of gradients into columns.
    test.skipIf(suite.isSlow).each([
      ["all of them kept", {}],
      ["backwards", { shape: { goBackwards: true } }],
      ["under a mask", { keeps: (id: number) => id % 3 !== 0 }],
    ] as [string, Way][])("a lookup of many tokens, long rows, %s", async (_, way) => {
      const sizes = large(cell);
      // All outputs would be compared for seconds.
      const last = { ...way, shape: { ...way.shape, returnSequences: false } };
      const { shape, zeros, drawn } = wayOf(cell, last, sizes);
      const ids = paddedTokens(sizes.T, zeros, 200, shape.goBackwards).flat();
      const numbers = lookupOf(shape, drawn, 200, ids);
      if (way.keeps) numbers.mask = Uint8Array.from(ids, (id) => Number(way.keeps?.(id)));
      await expectGathered(shape, numbers, nearMany);
    });

    test("a lookup of ids of float32 is that of int32", async () => {
      const { shape, zeros, drawn } = wayOf(cell, {});
      const numbers = lookupOf(shape, drawn, words, paddedTokens(T, zeros, words).flat());
      const floats = { ...numbers, ids: Float32Array.from(numbers.ids as Int32Array) };
      const [whole, float] = await inTurn([numbers, floats], (given) =>
        differentiate(shape, tensorsOf(shape, given), cotangentsOf(shape, 2)),
      );
      expectSameBits(float.results, whole.results);
      expectSameBits(Object.values(float.gradients), Object.values(whole.gradients));
    });

    test.each([
      ["inputs", "input"],
      ["states", "recurrent"],
    ] as const)(
      "under dropout of the %s a lookup is the vectors that are looked up",
      async (_, what) => {
        for (const kind of ["shared", "gates"] as const) {
          const drawn: Drawn = { ...plain, [what]: kind };
          const shape = drawnShape(shapeOf(cell, { B, T, I, H }), drawn);
          const ids = paddedTokens(T, padding, words).flat();
          const inputs = tensorsOf(shape, lookupOf(shape, drawn, words, ids));
          const cotangents = cotangentsOf(shape, 2);
          const looked = await differentiate(shape, inputs, cotangents);
          const each = await differentiate(shape, inputs, cotangents, undefined, gathering);
          expectSameBits(looked.results, each.results);
          const { table, ...others } = looked.gradients;
          const { table: wanted, ...same } = each.gradients;
          expectSameBits(Object.values(others), Object.values(same));
          // tfjs adds its rows up.
          expect(table).toBeAllclose(wanted as Float32Array, near);
        }
      },
    );

    test("of both directions, the one that meets the padding first may share it", async () => {
      const { shape, zeros, drawn } = wayOf(cell, {});
      const ids = paddedTokens(T, zeros, words).flat();
      const inputs = tensorsOf(shape, lookupOf(shape, drawn, words, ids));
      const both = (x: RecurrentInput, given: Inputs) => {
        const { kernel, recurrentKernel, bias } = given as unknown as RecurrentWeights;
        const weights = { kernel, recurrentKernel, bias };
        return bothDirections(cell, x, [weights, weights]);
      };
      const looked: typeof run = (_, { ids: of, table, ...given }) =>
        both({ ids: of as tf.Tensor, table: table as tf.Tensor }, given);
      const gatheredBoth: typeof run = (_, { ids: of, table, ...given }) =>
        both(tf.gather(table as tf.Tensor, of as tf.Tensor), given);
      const cotangents = [cotangentsOf(shape, 2), cotangentsOf(shape, 3)].flat();
      const [by, each] = await inTurn([looked, gatheredBoth], (op) =>
        differentiate(shape, inputs, cotangents, undefined, op),
      );
      expectSameBits(by.results, each.results);
      for (const [name, values] of Object.entries(each.gradients)) {
        expect(by.gradients[name as "table"]).toBeAllclose(values, near);
      }
    });
  });
}
