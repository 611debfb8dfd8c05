// Steps of optimizers in WGSL: every element of a weight by itself, in place.

import { leastSquared } from "../tfjs/optimizer-kernels.ts";
import type { Program } from "./program.ts";
import { mainInTwo, numberText, upTo } from "./wgsl.ts";

/** How an optimizer steps: the text of it, and the numbers that it goes by. */
interface Step {
  /** What it keeps of a weight, in the order of its results. */
  readonly slots: readonly string[];
  /** Float32 by name, of the update's own numbers. */
  readonly numbers: (given: Readonly<Record<string, number>>) => Record<string, number>;
  /** Of element `at`, where `value`, `gradient` and the slots that **has** are named by `of`. */
  readonly text: (of: (name: string) => string, has: (slot: string) => boolean) => string;
}

const when = (condition: boolean, text: string): string => (condition ? text : "");

/** By the names of their kernels. */
export const steps: Readonly<Record<string, Step>> = {
  RmspropUpdate: {
    slots: ["meanSquare", "moment", "meanGradient"],
    numbers: ({ learningRate, rho, momentum, epsilon }) => ({
      ...{ learningRate, rho, rest: 1 - rho, momentum, epsilon },
      least: leastSquared(1 - rho),
    }),
    text: (of, has) => `
  let g = flushed(${of("gradient")}, number(call.least));
  let square = number(call.rho) * flushedMean(${of("meanSquare")}) + number(call.rest) * g * g;
  ${of("meanSquare")} = square;
  var spread = square;
  ${when(
    has("meanGradient"),
    `let mean = number(call.rho) * flushedMean(${of("meanGradient")}) + number(call.rest) * g;
  ${of("meanGradient")} = mean;
  spread = square - mean * mean;`,
  )}
  var step = 0.0;
  if (g != 0.0) { step = number(call.learningRate) * g / sqrt(spread + number(call.epsilon)); }
  ${when(
    has("moment"),
    `step += number(call.momentum) * flushedMean(${of("moment")});
  ${of("moment")} = step;`,
  )}
  ${of("value")} -= step;`,
  },
  AdamUpdate: {
    slots: ["m", "v", "vHat"],
    numbers: ({ stepSize, beta1, beta2, epsilon }) => ({
      ...{ stepSize, rest1: 1 - beta1, rest2: 1 - beta2, epsilon },
      least: leastSquared(1 - beta2),
    }),
    text: (of, has) => `
  let g = flushed(${of("gradient")}, number(call.least));
  let m = flushedMean(${of("m")});
  let v = flushedMean(${of("v")});
  let first = m + number(call.rest1) * (g - m);
  let second = v + number(call.rest2) * (g * g - v);
  ${of("m")} = first;
  ${of("v")} = second;
  var largest = second;
  ${when(
    has("vHat"),
    `largest = max(flushedMean(${of("vHat")}), second);
  ${of("vHat")} = largest;`,
  )}
  if (first != 0.0) {
    ${of("value")} -= number(call.stepSize) * first / (sqrt(largest) + number(call.epsilon));
  }`,
  },
  SgdUpdate: {
    slots: ["moment"],
    numbers: ({ learningRate, momentum, nesterov }) => ({ learningRate, momentum, nesterov }),
    text: (of, has) => `
  let push = number(call.learningRate) * ${of("gradient")};
  ${
    has("moment")
      ? `let moved = number(call.momentum) * ${of("moment")} - push;
  ${of("moment")} = moved;
  ${of("value")} += select(moved, number(call.momentum) * moved - push, number(call.nesterov) != 0.0);`
      : `${of("value")} -= push;`
  }`,
  },
};

/** Elements of a workgroup. */
export const stepLanes = 256;

/** The step of **weights** weights in one dispatch: `value0`, `gradient0`, their slots, `value1` and so on. */
export function stepProgram(
  kernelName: string,
  slots: readonly string[],
  weights: number,
): Program<string> {
  const step = steps[kernelName];
  const all = upTo(weights);
  const names = ["value", "gradient", ...slots];
  const access = (name: string) => (name === "gradient" ? "read" : "write");
  const storage = all.flatMap((i) => names.map((name) => [`${name}${i}`, access(name)] as const));
  const numbers = Object.keys(step.numbers({}));
  return {
    name: `${kernelName} ${slots.join(" ")} x${weights}`,
    storage: Object.fromEntries(storage),
    numbers: [...numbers, ...all.map((i) => `count${i}`)],
    // The least mean that counts: see tfjs/optimizer-kernels.ts.
    text: () => `
${numberText}
fn flushed(x: f32, least: f32) -> f32 { return select(x, 0.0, abs(x) < least); }
fn flushedMean(x: f32) -> f32 { return flushed(x, ${2 ** -115}); }
${all
  .map(
    (i) => `fn step${i}(at: u32) {
  ${step.text(
    (name) => `${name}${i}[at]`,
    (slot) => slots.includes(slot),
  )}
}`,
  )
  .join("\n")}${mainInTwo(stepLanes)}
  var at = place * ${stepLanes}u + lane;
  ${all
    .map((i) => `if (at < call.count${i}) { step${i}(at); return; } at -= call.count${i};`)
    .join("\n  ")}
}`,
  };
}
