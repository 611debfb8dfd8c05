// The gradient of a table of vectors that were looked up: the sums of rows that have one id.

import { callNumbers, flag, maskText } from "./call-numbers.ts";
import type { Program } from "./program.ts";
import { idText, mainInTwo } from "./wgsl.ts";

/** Rows of dx added up by their ids, in the order of the steps: the table's gradient, a workgroup a row of it. */
export const tableGradient: Program<"dx" | "ids" | "mask" | "table"> = {
  name: "table gradient",
  storage: { dx: "read", ids: "words", mask: "words", table: "write" },
  numbers: callNumbers,
  text: () => rowSums("0.0"),
};

/** The same of rows of integers. */
export const integerSums: typeof tableGradient = {
  name: "sums of integers",
  storage: { dx: "words", ids: "words", mask: "words", table: "wordsOut" },
  numbers: callNumbers,
  text: () => rowSums("0u"),
};

/** The sums, from **zero** of their type on. */
function rowSums(zero: "0.0" | "0u"): string {
  // 1024 ids at a time, a bit each: which of them are this row's. Lanes of one column take words of bits in turn.
  return `${maskText}
${idText}
var<workgroup> matches: array<atomic<u32>, 32>;
var<workgroup> sums: array<${zero === "0u" ? "u32" : "f32"}, 256>;
fn isMine(at: u32, mine: u32) -> bool {
  return idOf(ids[at], has(${flag.floatIds}u)) == mine && (!has(${flag.masked}u) || mask[at] != 0u);
}${mainInTwo(256)}
  if (place >= call.tableRows) { return; }
  let count = call.batch * call.steps;
  // Columns side by side, at most 32 of them at a time: a power of two.
  var width = 32u;
  while (width > 1u && width / 2u >= call.inputSize) { width /= 2u; }
  let lanes = 256u / width;
  for (var firstColumn = 0u; firstColumn < call.inputSize; firstColumn += width) {
    let column = firstColumn + lane % width;
    var sum = ${zero};
    for (var base = 0u; base < count; base += 1024u) {
      if (lane < 32u) { atomicStore(&matches[lane], 0u); }
      workgroupBarrier();
      for (var e = lane; e < min(1024u, count - base); e += 256u) {
        if (isMine(base + e, place)) { atomicOr(&matches[e / 32u], 1u << (e % 32u)); }
      }
      workgroupBarrier();
      for (var word = lane / width; word < 32u; word += lanes) {
        var bits = atomicLoad(&matches[word]);
        while (bits != 0u) {
          let at = base + word * 32u + firstTrailingBit(bits);
          bits &= bits - 1u;
          if (column < call.inputSize) { sum += dx[at * call.inputSize + column]; }
        }
      }
      workgroupBarrier();
    }
    sums[lane] = sum;
    workgroupBarrier();
    if (lane < width && column < call.inputSize) {
      var total = ${zero};
      for (var l = 0u; l < lanes; l++) { total += sums[l * width + lane]; }
      table[place * call.inputSize + column] = total;
    }
    workgroupBarrier();
  }
}`;
}
