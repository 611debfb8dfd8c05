import { cellKinds } from "@rnnkit/core-rnn";
import { expect, test } from "vitest";
import { numbersOf, plain, shapeOf } from "../conformance/call.fixture.ts";
import type { ForwardArrays } from "./arrays.ts";
import { backward, gradientOf } from "./backward.ts";
import { forward } from "./forward.ts";
import { releaseSavedCall } from "./saved-call.ts";

test.each(cellKinds)(
  "%s: a gradient that fades over a long sequence ends as 0, not as a denormal number",
  (cell) => {
    const long = shapeOf(cell, { B: 2, T: 3000, returnSequences: false });
    const data = numbersOf(long, plain) as unknown as ForwardArrays;
    const { saved, release } = forward({ ...long, training: true }, data);
    release();
    if (!saved) throw new Error("expected a saved call");
    backward(saved, { outputs: new Float32Array(long.B * long.H).fill(1) }, true);
    const dx = gradientOf(saved, "x").slice(0, long.T * long.I);
    releaseSavedCall(saved);
    expect(dx.slice(-long.I)).not.toContain(0);
    expect(dx.filter((g) => g !== 0 && Math.abs(g) < 2 ** -126)).toEqual(new Float32Array());
    expect(dx.slice(0, long.I)).toEqual(new Float32Array(long.I));
  },
);

test("what a backward pass did not make is refused by name", () => {
  const shape = shapeOf("lstm");
  const data = numbersOf(shape, { ...plain, bias: false }) as unknown as ForwardArrays;
  const { saved, release } = forward({ ...shape, training: true }, data);
  release();
  if (!saved) throw new Error("expected a saved call");
  for (const name of ["x", "kernel", "bias", "h0", "c0"] as const) {
    expect(() => gradientOf(saved, name)).toThrow(`gives d${name}, got none`);
  }
  backward(saved, {}, false);
  expect(gradientOf(saved, "kernel")).toEqual(new Float32Array(3 * 24));
  for (const name of ["x", "bias", "h0", "c0"] as const) {
    expect(() => gradientOf(saved, name)).toThrow(`gives d${name}, got none`);
  }
  releaseSavedCall(saved);
});
