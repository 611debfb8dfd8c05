// Outputs, states and all gradients beside the float64 reference, under every option and odd sizes; each call also
// without a gradient, bit for bit, and with the weights' gradients alone.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import { overTerms } from "@rnnkit/test-kit/tolerances";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CallShape } from "../call.ts";
import {
  cotangentsOf,
  type Drawn,
  differentiate,
  drawnShape,
  expectSameBits,
  gradientNames,
  inScope,
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
import { referenceBackward, referenceForward } from "./reference.fixture.ts";

/** Expects of a call what the head of this file says. */
export async function expectAgreement(
  { engine, tolerances }: EngineUnderTest,
  shape: CallShape,
  numbers: Numbers,
  seed: number,
): Promise<void> {
  const cotangents = cotangentsOf(shape, seed + 1);
  const { results, tape } = referenceForward(shape, numbers);
  const wanted = referenceBackward(shape, numbers, tape, cotangents);
  await inScope(async () => {
    const inputs = tensorsOf(shape, numbers);
    const inferred = await valuesOf(run(shape, inputs));
    const trained = await differentiate(shape, inputs, cotangents);
    for (const [k, values] of trained.results.entries()) {
      expect(values).toBeAllclose(results[k], tolerances.outputs);
    }
    expectSameBits(trained.results, inferred);
    // A weight's gradient is a sum of B·T terms, which may cancel where the largest is all there is.
    const near = overTerms(tolerances.gradients, shape.B * shape.T);
    const names = gradientNames(inputs);
    for (const name of names) expect(trained.gradients[name]).toBeAllclose(wanted[name], near);
    // Of a traced engine tfjs itself leaves out what nobody asks for.
    if (engine.kind === "traced") return;
    const others = names.filter((name) => name !== "x" && name !== "table");
    const { gradients } = await differentiate(shape, inputs, cotangents, others);
    const values = (of: typeof gradients) => others.map((name) => of[name]);
    expectSameBits(values(gradients), values(trained.gradients));
  });
}

/** A call of these numbers, and with what is drawn. */
async function check(suite: EngineUnderTest, shape: CallShape, drawn: Drawn): Promise<void> {
  const call = drawnShape(shape, drawn);
  await expectAgreement(suite, call, numbersOf(call, drawn), drawn.seed);
}

const smooth = ["tanh", "sigmoid", "linear", "elu", "softsign"] as const;
const kinked = ["relu", "selu", "hard_sigmoid", "tanh"] as const;
const bent = ["selu", "relu", "elu"] as const;
const ofOneStep = ["exponential", "softplus", "hard_sigmoid_keras2"] as const;
const kinds = ["none", "shared", "gates"] as const;
const masks = ["none", "random", "left", "right"] as const;

const drawnOptions: fc.Arbitrary<Drawn> = fc.record({
  initialState: fc.boolean(),
  mask: fc.constantFrom(...masks),
  input: fc.constantFrom(...kinds),
  recurrent: fc.constantFrom(...kinds),
  bias: fc.boolean(),
  seed: fc.nat(),
});

/** Every option, at random. */
export function agreementTests(suite: EngineUnderTest): void {
  // With the backward pass, of a product and a sum each, 10 MFLOP.
  const most = suite.isSlow ? 1e7 / 6 : Number.POSITIVE_INFINITY;
  for (const [k, cell] of cellKinds.entries()) {
    test(`${cell} agrees with the float64 reference`, async () => {
      await check(suite, shapeOf(cell), plain);
    });

    test.each([
      ["", smooth, ["sigmoid"], undefined],
      // At a kink float32 may fall on the other side than float64: these draws do not, others may.
      [" that have kinks", kinked, ["sigmoid", "hard_sigmoid"], 11],
    ] as const)(
      `${cell} agrees with the reference under every combination of options, of activations%s`,
      async (_, activations, recurrentActivations, draws) => {
        const drawnSizes = fc
          .record({
            B: fc.integer({ min: 1, max: 19 }),
            T: fc.integer({ min: 1, max: 12 }),
            I: fc.integer({ min: 1, max: 37 }),
            H: fc.integer({ min: 1, max: 37 }),
            activation: fc.constantFrom(...activations),
            recurrentActivation: fc.constantFrom(...recurrentActivations),
            returnSequences: fc.boolean(),
            goBackwards: fc.boolean(),
            reverseOutputs: fc.boolean(),
            zeroOutputForMask: fc.boolean(),
          })
          .filter((sizes) => productsOf(cell, sizes) < most);
        await fc.assert(
          fc.asyncProperty(drawnSizes, drawnOptions, async (sizes, drawn) => {
            await check(suite, shapeOf(cell, sizes), drawn);
          }),
          { numRuns: drawsFor(suite, 40), seed: draws },
        );
      },
    );

    test(`${cell} agrees with the reference for sizes from 1 to 130`, async () => {
      const size = fc.integer({ min: 1, max: 130 });
      const sizes = fc
        .record({ B: size, T: size, I: size, H: size })
        // What the float64 reference does in a fraction of a second.
        .filter((drawn) => productsOf(cell, drawn) < Math.min(4e6, most));
      await fc.assert(
        fc.asyncProperty(sizes, fc.nat(), async (drawn, seed) => {
          await check(suite, shapeOf(cell, drawn), { ...plain, initialState: true, seed });
        }),
        { numRuns: drawsFor(suite, 15) },
      );
    });

    test.each(kinds)(
      `${cell}: what lay in memory before reaches nothing, whatever is masked, dropout: %s`,
      async (input) => {
        for (const mask of ["random", "left", "right"] as const) {
          const sizes = { B: 11, T: 9, I: 5, H: 13 };
          await check(suite, shapeOf(cell, sizes), { ...plain, mask, input, seed: 5 });
        }
      },
    );

    // Where kernels cut rows into columns.
    test.skipIf(suite.isSlow).each(["none", "gates"] as const)(
      `${cell} agrees with the reference where rows of gradients are long, recurrent dropout: %s`,
      async (recurrent) => {
        // Several blocks of rows.
        const sizes = { B: 66, T: 3, I: 21, H: manyUnits(cell) };
        await check(suite, shapeOf(cell, sizes), { ...plain, recurrent });
      },
    );

    test.each(suite.isEmulated ? bent.slice(0, 1) : bent)(
      `${cell} agrees with the reference at %s's bend, where all is 0`,
      async (activation) => {
        const shape = shapeOf(cell, { activation, recurrentActivation: "hard_sigmoid" });
        const numbers = numbersOf(shape, { ...plain, bias: false });
        numbers.x?.fill(0);
        await expectAgreement(suite, shape, numbers, 1);
      },
    );

    // An activation's text is one for all cells; a software device compiles that of each for seconds.
    const ofCell = suite.isEmulated ? [ofOneStep[k % ofOneStep.length]] : ofOneStep;
    test.each(ofCell)(`${cell} agrees with the reference under %s`, async (activation) => {
      // One step: e to the power of a sum of e to the power of … leaves float32 at the second.
      const shape = shapeOf(cell, { T: 1, activation });
      await check(suite, shape, { ...plain, initialState: true });
    });
  }
}

/** Products of numbers in a forward pass; the backward pass has twice as many. */
function productsOf(cell: CellKind, { B, T, I, H }: Record<"B" | "T" | "I" | "H", number>): number {
  return B * T * (I + H) * cellTable[cell].gates.length * H;
}
