// One step of all rows in a dispatch: a workgroup has a tile of rows and units, and goes through the product in its
// own memory. For states of many units, whose weights no workgroup can hold. The sums are those of row-programs.ts,
// in the same order.

import { callNumbers, flag } from "./call-numbers.ts";
import { cellTexts, countsOf } from "./cell-text.ts";
import type { Program } from "./program.ts";
import {
  backwardText,
  each,
  forwardText,
  kindName,
  type RecurrenceKind,
} from "./recurrence-text.ts";
import {
  type BackwardBuffer,
  backwardStorage,
  type ForwardBuffer,
  forwardStorage,
  sumStart,
} from "./row-programs.ts";
import { upTo } from "./wgsl.ts";

/** Rows and units of a workgroup's tile. */
export const stepTile = { rows: 32, units: 16 } as const;

const depth = 16;
// A column more: else all rows of a column would lie in one bank.
const leftStride = depth + 1;

const head = `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let firstUnit = group.x * 16u;
  let firstRow = group.y * 32u;
  let unit = firstUnit + lane % 16u;
  let rowOf = lane / 16u;
  let s = call.start;`;

/** For both rows of an invocation, those that exist: **body** with `row`, and `half` for x or y of the sums. */
const bothRows = (body: (half: "x" | "y") => string) => `
  if (unit >= call.units) { return; }
  ${(["x", "y"] as const)
    .map(
      (half, i) =>
        `{ let row = firstRow + rowOf + ${16 * i}u; if (row < call.batch) { ${body(half)} } }`,
    )
    .join("\n")}`;

interface Tiles {
  /** Copies of the tile of rows, of which product **i** reads the one of **copyOf**. */
  copies: number;
  products: number;
  /** What stands in copy **copy** for `row` and `k`. */
  left: (copy: number) => string;
  /** Of product **i**, for `k` and `column`. */
  right: (i: number) => string;
}

/** Adds to sum0 … the products of tiles. */
function tileProducts({ copies, products, left, right }: Tiles): string {
  const copyOf = (i: number) => (copies > 1 ? i : 0);
  const value = (i: number) => `value${copyOf(i)}`;
  return `
  for (var base = 0u; base < call.units; base += ${depth}u) {
    for (var e = lane; e < ${stepTile.rows * depth}u; e += 256u) {
      let row = firstRow + e / ${depth}u;
      let k = base + e % ${depth}u;
      let exists = row < call.batch && k < call.units;
      ${each(
        upTo(copies),
        (copy) => `{
        var value = 0.0;
        if (exists) { value = ${left(copy)}; }
        left[${copy * stepTile.rows * leftStride}u + (e / ${depth}u) * ${leftStride}u + e % ${depth}u] = value;
      }`,
      )}
    }
    {
      let k = base + lane / 16u;
      let column = firstUnit + lane % 16u;
      let exists = k < call.units && column < call.units;
      ${each(
        upTo(products),
        (i) => `{
        var value = 0.0;
        if (exists) { value = ${right(i)}; }
        right[${i * 256}u + lane] = value;
      }`,
      )}
    }
    workgroupBarrier();
    for (var k = 0u; k < min(${depth}u, call.units - base); k++) {
      ${each(upTo(copies), (copy) => {
        const at = (row: string) =>
          `left[${copy * stepTile.rows * leftStride}u + (${row}) * ${leftStride}u + k]`;
        return `let value${copy} = vec2f(${at("rowOf")}, ${at("rowOf + 16u")});`;
      })}
      ${each(
        upTo(products),
        (i) =>
          `sum${i} = fma(${value(i)}, vec2f(right[${i * 256}u + k * 16u + lane % 16u]), sum${i});`,
      )}
    }
    workgroupBarrier();
  }`;
}

const memory = (copies: number, products: number) => `
var<workgroup> left: array<f32, ${copies * stepTile.rows * leftStride}>;
var<workgroup> right: array<f32, ${products * 256}>;`;

/** Whether each gate has a dropout mask of its own: its rows then differ from the others'. */
export type Dropped = "shared" | "gates";

/** Step **start**: the first sums, and, of a cell that has one, the second in a program of its own. */
export function stepForward(kind: RecurrenceKind, dropped: Dropped): Program<ForwardBuffer>[] {
  const { cell } = kind;
  const { first, second } = cellTexts[cell];
  const columns = countsOf(cell).G;
  const sums = (gates: readonly number[], half: string) =>
    gates.map((_, i) => `sum${i}.${half}`).join(", ");
  const program = (
    part: string,
    gates: readonly number[],
    left: (copy: number) => string,
    copies: number,
    finish: (half: string) => string,
  ): Program<ForwardBuffer> => ({
    name: `step forward ${part} ${kindName(kind)} ${dropped}`,
    storage: forwardStorage,
    numbers: callNumbers,
    text: () => `${forwardText(kind)}
${memory(copies, gates.length)}
${head}
  ${each(upTo(gates.length), (i) => `var sum${i} = vec2f(0.0);`)}
  if (unit < call.units) { ${each(upTo(gates.length), (i) => `sum${i} = vec2f(${sumStart(cell, gates[i])});`)} }
  ${tileProducts({
    ...{ copies, products: gates.length, left },
    right: (i) =>
      `recurrentKernel[k * ${columns}u * call.units + ${gates[i]}u * call.units + column]`,
  })}
  ${bothRows((half) => `let before = states[stateAt(row, s) + unit]; ${finish(half)}`)}
}`,
  });
  const state = (gate: number) => `states[stateAt(row, s) + k] * factorOf(row, k, ${gate}u)`;
  const isTwofold = second.length > 0;
  const firstPart = program("1", first, state, dropped === "gates" ? first.length : 1, (half) =>
    isTwofold
      ? `if (isKept(row, s)) { reset(row, unit, s, before, ${sums(first, half)}); }`
      : `if (isKept(row, s)) { advance(row, unit, s, before, ${sums(first, half)}); } else { hold(row, unit, s, before); }`,
  );
  if (!isTwofold) return [firstPart];
  const resetState = () => `gates[gatesAt(row, s) + call.units + k] * (${state(2)})`;
  return [
    firstPart,
    program(
      "2",
      second,
      resetState,
      1,
      (half) =>
        `if (isKept(row, s)) { advance(row, unit, s, before, ${sums(second, half)}); } else { hold(row, unit, s, before); }`,
    ),
  ];
}

/**
 * Step **start** backwards: what comes from the step after it, where *flags* say that there is one, and its own, where
 * they say so; of a cell with a second sum the gradient of that in a program of its own.
 */
export function stepBackward(kind: RecurrenceKind): Program<BackwardBuffer>[] {
  const { cell } = kind;
  const { first, second, hPlanes } = cellTexts[cell];
  const gradient = (plane: number, s: string) =>
    `dz[gatesAt(row, ${s}) + ${plane}u * call.units + k]`;
  const weights = (gate: number) => `transposed[(${gate}u * call.units + k) * call.units + column]`;
  const G = first.length;
  const whole: Program<BackwardBuffer> = {
    name: `step backward 1 ${kindName(kind)}`,
    storage: backwardStorage,
    numbers: callNumbers,
    text: () => `${backwardText(kind)}
${memory(G, G)}
${head}
  ${each(upTo(G), (i) => `var sum${i} = vec2f(0.0);`)}
  if (has(${flag.product}u)) {
    ${tileProducts({
      ...{ copies: G, products: G },
      left: (i) => gradient(hPlanes[first[i]], "s + 1u"),
      right: (i) => weights(first[i]),
    })}
  }
  ${bothRows(
    (half) => `
    var dh = carry[row * call.units + unit];
    if (has(${flag.product}u) && isKept(row, s + 1u)) {
      var sum = 0.0;
      ${each(upTo(G), (i) => `sum += sum${i}.${half} * factorOf(row, unit, ${first[i]}u);`)}
      dh += sum;
    }
    if (!has(${flag.step}u)) { carry[row * call.units + unit] = dh; }
    else if (isKept(row, s)) { retreat(row, unit, s, dh); }
    else { holdBack(row, unit, s, dh); }`,
  )}
}`,
  };
  if (second.length === 0) return [whole];
  return [
    whole,
    {
      name: `step backward 2 ${kindName(kind)}`,
      storage: backwardStorage,
      numbers: callNumbers,
      text: () => `${backwardText(kind)}
${memory(1, 1)}
${head}
  var sum0 = vec2f(0.0);
  ${tileProducts({ copies: 1, products: 1, left: () => gradient(2, "s"), right: () => weights(2) })}
  ${bothRows((half) => `if (isKept(row, s)) { retreatSecond(row, unit, s, sum0.${half}); }`)}
}`,
    },
  ];
}
