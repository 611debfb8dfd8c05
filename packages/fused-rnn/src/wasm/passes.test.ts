import {
  type CellKind,
  cellKinds,
  cellOf,
  cellTable,
  runSequence,
  runSequenceBackward,
  seededRandom,
} from "@rnnkit/core-rnn";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ForwardArrays, ForwardShape } from "./arrays.ts";
import { backward, gradientOf } from "./backward.ts";
import { forward } from "./forward.ts";
import { getInstance } from "./instance.ts";
import type { KernelGradientName } from "./saved-call.ts";

const gatesOf = (cell: CellKind) => cellTable[cell].gates.length;

interface Options {
  initialState: boolean;
  mask: "none" | "random" | "left" | "right";
  input: "none" | "shared" | "gates";
  recurrent: "none" | "shared" | "gates";
  bias: boolean;
  seed: number;
}

function arrays(shape: ForwardShape, options: Options): ForwardArrays {
  const { B, T, I, H, cell } = shape;
  const G = gatesOf(cell);
  const random = seededRandom(options.seed);
  const fill = (n: number, scale = 1) =>
    Float32Array.from({ length: n }, () => random.normal() * scale);
  const factors = (n: number) =>
    Float32Array.from({ length: n }, () => (random.uniform() < 0.3 ? 0 : 1 / 0.7));
  const size = (kind: Options["input"], width: number) =>
    kind === "none" ? 0 : (kind === "gates" ? G : 1) * B * width;
  const masked = {
    none: () => 1,
    random: () => (random.uniform() < 0.6 ? 1 : 0),
    left: (_: number, t: number) => (t >= T / 3 ? 1 : 0),
    right: (b: number, t: number) => (t < T - (b % (T + 1)) ? 1 : 0),
  }[options.mask];
  const biasSize = cellTable[cell].biasRows * G * H;
  return {
    x: fill(B * T * I),
    kernel: fill(I * G * H, 1 / Math.sqrt(I + 1)),
    // Without the normal distribution's tails: a unit that amplifies itself amplifies rounding too.
    recurrentKernel: Float32Array.from(
      { length: H * G * H },
      () => (2 * random.uniform() - 1) * Math.sqrt(2 / (H + 1)),
    ),
    bias: options.bias ? fill(biasSize, 0.5) : undefined,
    initialState: options.initialState ? cellTable[cell].states.map(() => fill(B * H)) : undefined,
    mask:
      options.mask === "none"
        ? undefined
        : Uint8Array.from({ length: B * T }, (_, i) => masked(Math.floor(i / T), i % T)),
    inputDropoutMask: size(options.input, I) ? factors(size(options.input, I)) : undefined,
    recurrentDropoutMask: size(options.recurrent, H)
      ? factors(size(options.recurrent, H))
      : undefined,
  };
}

/** The same call in float64. */
function reference(shape: ForwardShape, data: ForwardArrays, cotangents: Float32Array[]) {
  const { B, T, I, H } = shape;
  const { activation, recurrentActivation } = shape;
  const cell = cellOf(shape.cell, {
    ...{ inputSize: I, units: H, activation },
    ...(gatesOf(shape.cell) > 1 && { recurrentActivation }),
  });
  const f64 = (a: Float32Array) => Float64Array.from(a);
  const params = {
    kernel: f64(data.kernel),
    recurrentKernel: f64(data.recurrentKernel),
    bias: data.bias && f64(data.bias),
  };
  const run = runSequence(
    cell,
    params,
    { data: f64(data.x as Float32Array), shape: [B, T, I] },
    {
      goBackwards: shape.goBackwards,
      returnSequences: shape.returnSequences,
      zeroOutputForMask: shape.zeroOutputForMask,
      mask: data.mask,
      initialState: data.initialState?.map(f64),
      inputDropoutMask: data.inputDropoutMask && f64(data.inputDropoutMask),
      recurrentDropoutMask: data.recurrentDropoutMask && f64(data.recurrentDropoutMask),
    },
  );
  const [dOutputs, ...dState] = cotangents.map(f64);
  const gradients = runSequenceBackward(cell, params, run.tape, { dOutputs, dState });
  return { run, gradients };
}

function check(shape: ForwardShape, options: Options, tolerance = 1e-5) {
  const data = arrays(shape, options);
  const random = seededRandom(options.seed + 1);
  const cotangent = (n: number) => Float32Array.from({ length: n }, () => random.normal());
  const states = cellTable[shape.cell].states.length;
  const outputs = shape.B * shape.H * (shape.returnSequences ? shape.T : 1);
  const cotangents = [
    cotangent(outputs),
    ...Array.from({ length: states }, () => cotangent(shape.B * shape.H)),
  ];
  const { run, gradients } = reference(shape, data, cotangents);
  const near = { rtol: 0, atol: 1e-6, ofLargest: tolerance };

  const inference = forward({ ...shape, training: false }, data);
  const inferred = inference.outputs.slice();
  inference.release();
  const result = forward(shape, data);
  expect(result.outputs).toBeAllclose(run.outputs.data, near);
  expect(result.outputs.slice()).toEqual(inferred);
  for (const [k, state] of result.state.entries())
    expect(state).toBeAllclose(run.state[k] ?? [], near);
  result.release();
  const saved = result.saved;
  if (!saved) throw new Error("no saved");
  backward(saved, { outputs: cotangents[0], h: cotangents[1], c: cotangents[2] }, true);
  const of = (name: KernelGradientName) => gradientOf(saved, name);
  // A weight's gradient is a sum of B·T terms, which may cancel where the largest is all there is.
  const atol = 1e-6 * Math.max(10, Math.sqrt(shape.B * shape.T));
  const back = { rtol: 0, atol, ofLargest: 2 * tolerance };
  expect(of("x")).toBeAllclose(gradients.dx, back);
  expect(of("kernel")).toBeAllclose(gradients.dParams.kernel, back);
  expect(of("recurrentKernel")).toBeAllclose(gradients.dParams.recurrentKernel, back);
  if (data.bias) expect(of("bias")).toBeAllclose(gradients.dParams.bias ?? [], back);
  for (const [k, name] of (["h0", "c0"] as const).slice(0, states).entries()) {
    if (data.initialState) expect(of(name)).toBeAllclose(gradients.dInitialState[k] ?? [], back);
    else expect(() => of(name)).toThrow(`d${name}, got none`);
  }
  const weights = of("kernel").slice();
  backward(saved, { outputs: cotangents[0], h: cotangents[1], c: cotangents[2] }, false);
  expect(of("kernel").slice()).toEqual(weights);
  saved.release();
}

const plain: Options = {
  initialState: false,
  mask: "none",
  input: "none",
  recurrent: "none",
  bias: true,
  seed: 1,
};

const smooth = ["tanh", "sigmoid", "linear", "elu", "softsign"] as const;
const kinked = ["relu", "selu", "hard_sigmoid", "tanh"] as const;

for (const cell of cellKinds) {
  const shape: ForwardShape = {
    ...{ cell, B: 5, T: 7, I: 3, H: 6, activation: "tanh", recurrentActivation: "sigmoid" },
    ...{
      returnSequences: true,
      goBackwards: false,
      zeroOutputForMask: false,
      masked: false,
      ...{ dropoutVariants: 0 },
      training: true,
    },
  };
  test(`${cell} agrees with the float64 reference`, () => {
    check(shape, plain);
  });

  test(`${cell}: a gradient that fades over a long sequence ends as 0, not as a denormal number`, () => {
    const long = { ...shape, B: 2, T: 3000, returnSequences: false };
    const { saved, release } = forward(long, arrays(long, plain));
    release();
    if (!saved) throw new Error("no saved");
    backward(saved, { outputs: new Float32Array(long.B * long.H).fill(1) }, true);
    const dx = gradientOf(saved, "x").slice(0, long.T * long.I);
    saved.release();
    expect(dx.slice(-long.I)).not.toContain(0);
    expect(dx.filter((g) => g !== 0 && Math.abs(g) < 2 ** -126)).toEqual(new Float32Array());
    expect(dx.slice(0, long.I)).toEqual(new Float32Array(long.I));
  });

  test.each([
    ["", smooth, ["sigmoid"], undefined],
    // At a kink float32 may fall on the other side than float64: these draws do not, others may.
    [" that have kinks", kinked, ["sigmoid", "hard_sigmoid"], 11],
  ] as const)(
    `${cell} agrees with the reference under every combination of options, of activations%s`,
    (_, activations, recurrentActivations, draws) => {
      fc.assert(
        fc.property(
          fc.record({
            B: fc.integer({ min: 1, max: 19 }),
            T: fc.integer({ min: 1, max: 12 }),
            I: fc.integer({ min: 1, max: 37 }),
            H: fc.integer({ min: 1, max: 37 }),
            activation: fc.constantFrom(...activations),
            recurrentActivation: fc.constantFrom(...recurrentActivations),
            returnSequences: fc.boolean(),
            goBackwards: fc.boolean(),
            zeroOutputForMask: fc.boolean(),
          }),
          fc.record({
            initialState: fc.boolean(),
            mask: fc.constantFrom(
              "none" as const,
              "random" as const,
              "left" as const,
              "right" as const,
            ),
            input: fc.constantFrom("none" as const, "shared" as const, "gates" as const),
            recurrent: fc.constantFrom("none" as const, "shared" as const, "gates" as const),
            bias: fc.boolean(),
            seed: fc.nat(),
          }),
          (sizes, options) => {
            const G = gatesOf(cell);
            const drops = [options.input, options.recurrent];
            check(
              {
                ...shape,
                ...sizes,
                masked: options.mask !== "none",
                dropoutVariants: drops.includes("gates") ? G : drops.includes("shared") ? 1 : 0,
              },
              options,
            );
          },
        ),
        { numRuns: 40, seed: draws },
      );
    },
  );

  test(`${cell} agrees with the reference for sizes from 1 to 130`, () => {
    const size = fc.integer({ min: 1, max: 130 });
    const sizes = fc
      .record({ B: size, T: size, I: size, H: size })
      // What the float64 reference does in a fraction of a second.
      .filter(({ B, T, I, H }) => B * T * (I + H) * gatesOf(cell) * H < 4e6);
    fc.assert(
      fc.property(sizes, fc.nat(), (drawn, seed) => {
        check({ ...shape, ...drawn }, { ...plain, initialState: true, seed });
      }),
      { numRuns: 15 },
    );
  });

  test.each(["none", "shared", "gates"] as const)(
    `${cell}: what lay in memory before reaches nothing, whatever is masked, dropout: %s`,
    (input) => {
      const { heap } = getInstance();
      const dropoutVariants = { none: 0, shared: 1, gates: gatesOf(cell) }[input];
      for (const mask of ["random", "left", "right"] as const) {
        const address = heap.allocate(1 << 20);
        heap.f32().fill(Number.NaN, address / 4, address / 4 + (1 << 18));
        heap.release(address);
        const sizes = { B: 11, T: 9, I: 5, H: 13 };
        check(
          { ...shape, ...sizes, masked: true, dropoutVariants },
          { ...plain, mask, input, seed: 5 },
        );
      }
    },
  );

  test.each(["none", "gates"] as const)(
    `${cell} agrees with the reference where rows of gradients are long, recurrent dropout: %s`,
    (recurrent) => {
      // Several blocks, and more than 512 columns.
      const H = { simpleRnn: 521, lstm: 148, gruAfter: 148, gruBefore: 187 }[cell];
      const long = { B: 66, T: 3, I: 21, H };
      const dropoutVariants = recurrent === "gates" ? gatesOf(cell) : 0;
      check({ ...shape, ...long, dropoutVariants }, { ...plain, recurrent });
    },
  );

  test.each(["exponential", "softplus"] as const)(
    `${cell} agrees with the reference under %s`,
    (activation) => {
      // One step: e to the power of a sum of e to the power of … leaves float32 at the second.
      check({ ...shape, T: 1, activation }, { ...plain, initialState: true });
    },
  );
}
