// The whole of a stretch of steps in one dispatch: a workgroup has some rows and all of their units, and their state
// in its own memory. For states of few units, where a dispatch a step would be waiting for dispatches.

import { callNumbers, flag } from "./call-numbers.ts";
import { cellTexts } from "./cell-text.ts";
import type { Access, Program } from "./program.ts";
import {
  backwardText,
  each,
  forwardText,
  kindName,
  type RecurrenceKind,
} from "./recurrence-text.ts";
import { mainInTwo, upTo } from "./wgsl.ts";

/** Units times rows of a workgroup, at most: what lies in its memory is below the 16 KiB that every device has. */
export const mostPairs = 512;

/** Invocations of a workgroup. */
export type RowLanes = 64 | 256;

/** The buffers of a forward program. */
export type ForwardBuffer =
  | "gates"
  | "states"
  | "outputs"
  | "recurrentKernel"
  | "bias"
  | "mask"
  | "dropout";

export const forwardStorage: Readonly<Record<ForwardBuffer, Access>> = {
  ...{ gates: "write", states: "write", outputs: "write" },
  ...{ recurrentKernel: "read", bias: "read", mask: "words", dropout: "read" },
};

/** The buffers of a backward program. */
export type BackwardBuffer =
  | "gates"
  | "states"
  | "dz"
  | "carry"
  | "dOutputs"
  | "transposed"
  | "mask"
  | "dropout";

export const backwardStorage: Readonly<Record<BackwardBuffer, Access>> = {
  ...{ gates: "read", states: "read", dz: "write", carry: "write", dOutputs: "read" },
  ...{ transposed: "read", mask: "words", dropout: "read" },
};

/** What a sum over h begins with: of a GRU that resets after the product its second row of biases, else 0. */
export function sumStart(cell: RecurrenceKind["cell"], gate: number): string {
  if (cell !== "gruAfter") return "0.0";
  return `select(0.0, bias[${3 + gate}u * call.units + unit], has(${flag.bias}u))`;
}

const head = (lanes: RowLanes) => `${mainInTwo(lanes)}
  let firstRow = place * call.rows;
  if (firstRow >= call.batch) { return; }
  let pairs = min(call.rows, call.batch - firstRow) * call.units;`;

const pairsText = (lanes: RowLanes, body: string) => `
    for (var p = lane; p < pairs; p += ${lanes}u) {
      let row = firstRow + p / call.units;
      let unit = p % call.units;
      let start = p - unit;
      ${body}
    }`;

/** Steps from **start** to below **end**, in order. */
export function rowForward(kind: RecurrenceKind, lanes: RowLanes): Program<ForwardBuffer> {
  const { cell } = kind;
  const { first, second } = cellTexts[cell];
  const columns = first.length + second.length;
  const call = (gates: readonly number[]) => gates.map((g) => `h${g}`).join(", ");
  const sums = (gates: readonly number[], values: string, isDropped: boolean) => {
    const products = (factor: (g: number) => string) =>
      each(
        gates,
        (g) => `h${g} = fma(value${factor(g)}, recurrentKernel[at + ${g}u * call.units], h${g});`,
      );
    const loop = (body: string) => `for (var k = 0u; k < call.units; k++) {
        let value = ${values};
        let at = k * ${columns}u * call.units + unit;
        ${body}
      }`;
    const start = each(gates, (g) => `var h${g} = ${sumStart(cell, g)};`);
    const plain = loop(products(() => ""));
    if (!isDropped) return `${start}\n${plain}`;
    return `${start}
      if (call.recurrentVariants == 0u) {
        ${plain}
      } else {
        ${loop(products((g) => ` * factorOf(row, k, ${g}u)`))}
      }`;
  };
  const firstSums = sums(first, "hidden[own + start + k]", true);
  const before = "let before = hidden[own + p];";
  const oneSum = pairsText(
    lanes,
    `${before}
      var state = before;
      if (isKept(row, s)) {
        ${firstSums}
        state = advance(row, unit, s, before, ${call(first)});
      } else { hold(row, unit, s, before); }
      hidden[next + p] = state;`,
  );
  const twoSums = `${pairsText(
    lanes,
    `${before}
      if (isKept(row, s)) {
        ${firstSums}
        resetHidden[p] = reset(row, unit, s, before, ${call(first)});
      }`,
  )}
    workgroupBarrier();
    ${pairsText(
      lanes,
      `${before}
      var state = before;
      if (isKept(row, s)) {
        ${sums(second, "resetHidden[start + k]", false)}
        state = advance(row, unit, s, before, ${call(second)});
      } else { hold(row, unit, s, before); }
      hidden[next + p] = state;`,
    )}`;
  return {
    name: `rows forward ${kindName(kind)} ${lanes}`,
    storage: forwardStorage,
    numbers: callNumbers,
    text: () => `${forwardText(kind)}
var<workgroup> hidden: array<f32, ${2 * mostPairs}>;
${second.length > 0 ? `var<workgroup> resetHidden: array<f32, ${mostPairs}>;` : ""}
${head(lanes)}
  ${pairsText(lanes, `hidden[(call.start & 1u) * ${mostPairs}u + p] = states[stateAt(row, call.start) + unit];`)}
  workgroupBarrier();
  for (var s = call.start; s < call.end; s++) {
    let own = (s & 1u) * ${mostPairs}u;
    let next = ${mostPairs}u - own;
    ${second.length > 0 ? twoSums : oneSum}
    workgroupBarrier();
  }
}`,
  };
}

/** What goes back to h through the products of **gates**, of the planes' gradients that *planeAt* names. */
export function backProduct(
  cell: RecurrenceKind["cell"],
  gates: readonly number[],
  gradient: (plane: number) => string,
): string {
  const { hPlanes } = cellTexts[cell];
  return `var sum = 0.0;
      ${each(
        gates,
        (g) => `{
        var part = 0.0;
        for (var j = 0u; j < call.units; j++) {
          part = fma(${gradient(hPlanes[g])}, transposed[(${g}u * call.units + j) * call.units + unit], part);
        }
        sum += part * factorOf(row, unit, ${g}u);
      }`,
      )}`;
}

/** Steps from below **end** down to **start**. */
export function rowBackward(kind: RecurrenceKind, lanes: RowLanes): Program<BackwardBuffer> {
  const { cell } = kind;
  const { planes, first, second } = cellTexts[cell];
  const gradient = (plane: number) => `planes[${plane * mostPairs}u + start + j]`;
  const load = (of: readonly number[]) =>
    each(of, (plane) => `planes[${plane * mostPairs}u + p] = dz[at + ${plane}u * call.units];`);
  const at = "let at = gatesAt(row, s) + unit;";
  const isTwofold = second.length > 0;
  const middle = `workgroupBarrier();
    ${pairsText(
      lanes,
      `if (!isKept(row, s)) { continue; }
      var dq = 0.0;
      for (var j = 0u; j < call.units; j++) {
        dq = fma(${gradient(2)}, transposed[(2u * call.units + j) * call.units + unit], dq);
      }
      retreatSecond(row, unit, s, dq);
      ${at}
      ${load([1])}`,
    )}`;
  return {
    name: `rows backward ${kindName(kind)} ${lanes}`,
    storage: backwardStorage,
    numbers: callNumbers,
    text: () => `${backwardText(kind)}
var<workgroup> planes: array<f32, ${planes * mostPairs}>;
${head(lanes)}
  for (var after = call.end; after > call.start; after--) {
    let s = after - 1u;
    ${pairsText(
      lanes,
      `let dh = carry[row * call.units + unit];
      if (!isKept(row, s)) { holdBack(row, unit, s, dh); continue; }
      retreat(row, unit, s, dh);
      ${at}
      ${load(upTo(planes).filter((plane) => !isTwofold || plane !== 1))}`,
    )}
    ${isTwofold ? middle : ""}
    workgroupBarrier();
    ${pairsText(
      lanes,
      `if (!isKept(row, s)) { continue; }
      ${backProduct(cell, first, gradient)}
      carry[row * call.units + unit] += sum;`,
    )}
    workgroupBarrier();
  }
}`,
  };
}
