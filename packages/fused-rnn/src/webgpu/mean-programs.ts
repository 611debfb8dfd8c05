// Losses and metrics in WGSL: the mean over a batch, and its slope in every prediction, row by row.

import type { MeanKind } from "../step-ops.ts";
import type { Program } from "./program.ts";
import { sumText } from "./reduction-text.ts";
import { isNanText, numberText } from "./wgsl.ts";

/** What a kind says of a row: `value`, and where it is a loss `slopes[...]`, without the division by their number. */
interface MeanText {
  /** Whether a row is one prediction; else it is a vector of them. */
  readonly isOfEach: boolean;
  /** Whether a row has one target: the class's number. */
  readonly isSparse: boolean;
  readonly isLoss: boolean;
  readonly text: string;
}

const ofEach = { isOfEach: true, isSparse: false } as const;
const ofRows = { isOfEach: false, isSparse: false } as const;
const sparse = { isOfEach: false, isSparse: true } as const;

const classOf = "let wanted = i32(targetOf(row));";
const largest = (name: string, from: string) => `
  var ${name} = 0u;
  for (var i = 1u; i < call.width; i++) {
    if (${from}(row * call.width + i) > ${from}(row * call.width + ${name})) { ${name} = i; }
  }`;

/** Numbers of tfjs-layers, but for mean absolute error and sparse categorical crossentropy, which are keras-builders'. */
const texts: Readonly<Record<MeanKind, MeanText>> = {
  meanSquaredError: {
    ...{ ...ofEach, isLoss: true },
    text: `let error = yPred[row] - targetOf(row);
  value = error * error;
  give(row, 2.0 * error);`,
  },
  meanAbsoluteError: {
    ...{ ...ofEach, isLoss: true },
    // Keras's slope where there is no error is 0, tfjs's -1.
    text: `let error = yPred[row] - targetOf(row);
  value = abs(error);
  if (isNan(error)) { give(row, error); }
  else { give(row, sign(error)); }`,
  },
  binaryCrossentropy: {
    ...{ ...ofEach, isLoss: true },
    text: `let y = targetOf(row);
  let given = yPred[row];
  if (isNan(given)) { value = number(call.nan); give(row, number(call.nan)); }
  else {
    let p = clipped(given);
    value = -(y * log(p) + (1.0 - y) * log(1.0 - p));
    give(row, select(0.0, (p - y) / (p * (1.0 - p)), isInside(given)));
  }`,
  },
  categoricalCrossentropy: {
    ...{ ...ofRows, isLoss: true },
    text: `let first = row * call.width;
  var sum = 0.0;
  for (var i = 0u; i < call.width; i++) { sum += yPred[first + i]; }
  var back = 0.0;
  for (var i = 0u; i < call.width; i++) {
    let y = targetOf(first + i);
    let share = yPred[first + i] / sum;
    if (isNan(share)) { value = number(call.nan); }
    else {
      value -= y * log(clipped(share));
      back += select(0.0, -y, isInside(share));
    }
  }
  for (var i = 0u; i < call.width; i++) {
    let share = yPred[first + i] / sum;
    give(first + i, (select(0.0, -targetOf(first + i) / share, isInside(share)) - back) / sum);
  }`,
  },
  sparseCategoricalCrossentropy: {
    ...{ ...sparse, isLoss: true },
    text: `let first = row * call.width;
  ${classOf}
  var sum = 0.0;
  var isNumber = true;
  for (var i = 0u; i < call.width; i++) {
    sum += clipped(yPred[first + i]);
    isNumber = isNumber && !isNan(yPred[first + i]);
  }
  // A class that there is not has probability 0.
  let exists = wanted >= 0 && u32(wanted) < call.width && !isNan(targetOf(row));
  let p = clipped(yPred[first + select(0u, u32(wanted), exists)]);
  value = log(sum) - log(p);
  if (!exists) { value = number(call.infinity); }
  if (!isNumber) { value = number(call.nan); }
  for (var i = 0u; i < call.width; i++) {
    var slope = 0.0;
    if (isInside(yPred[first + i])) { slope = 1.0 / sum - select(0.0, 1.0 / p, i == u32(wanted)); }
    if (!isNumber || !exists) { slope = number(call.nan); }
    give(first + i, slope);
  }`,
  },
  binaryAccuracy: {
    ...{ ...ofEach, isLoss: false },
    text: `value = select(0.0, 1.0, targetOf(row) == select(0.0, 1.0, yPred[row] > 0.5));`,
  },
  categoricalAccuracy: {
    ...{ ...ofRows, isLoss: false },
    text: `${largest("a", "targetOf")}${largest("b", "predictedOf")}
  value = select(0.0, 1.0, a == b);`,
  },
  sparseCategoricalAccuracy: {
    ...{ ...sparse, isLoss: false },
    text: `${largest("a", "predictedOf")}
  value = select(0.0, 1.0, targetOf(row) == f32(a));`,
  },
};

export const meanKinds: Readonly<Record<MeanKind, Omit<MeanText, "text">>> = texts;

/** Rows of a workgroup: their values are added up in it. */
export const meanRows = 1024;

const helpers = `
${sumText("totalOf", 256)}
${numberText}`;

const numbers = ["count", "width", "isWhole", "isTraining", "share", "least", "most"];

/** The mean's parts of **meanRows** rows each, already divided, and in training the slopes. */
export function meanParts(kind: MeanKind): Program<"yTrue" | "yPred" | "parts" | "slopes"> {
  return {
    name: kind,
    storage: { yTrue: "words", yPred: "read", parts: "write", slopes: "write" },
    numbers: [...numbers, "nan", "infinity"],
    text: () => `${helpers}
// The targets are whole numbers, or floats.
fn targetOf(at: u32) -> f32 {
  return select(bitcast<f32>(yTrue[at]), f32(bitcast<i32>(yTrue[at])), call.isWhole != 0u);
}
fn predictedOf(at: u32) -> f32 { return yPred[at]; }
${isNanText}
fn clipped(p: f32) -> f32 { return clamp(p, number(call.least), number(call.most)); }
fn isInside(p: f32) -> bool { return p >= number(call.least) && p <= number(call.most); }
fn give(at: u32, slope: f32) { if (call.isTraining != 0u) { slopes[at] = slope * number(call.share); } }
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var mine = 0.0;
  let last = min(call.count, (group.x + 1u) * ${meanRows}u);
  for (var row = group.x * ${meanRows}u + lane; row < last; row += 256u) {
    var value = 0.0;
    ${texts[kind].text}
    mine += value;
  }
  let total = totalOf(lane, mine);
  if (lane == 0u) { parts[group.x] = total * number(call.share); }
}`,
  };
}

/** The sum of the parts. */
export const meanOfParts: Program<"parts" | "mean"> = {
  name: "mean of parts",
  storage: { parts: "read", mean: "write" },
  numbers: ["count"],
  text: () => `${helpers}
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var part = lane; part < call.count; part += 256u) { sum += parts[part]; }
  let total = totalOf(lane, sum);
  if (lane == 0u) { mean[0] = total; }
}`,
};
