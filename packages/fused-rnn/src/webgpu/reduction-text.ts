// One number of all lanes of a workgroup, in WGSL.

/** Function **name** of a lane and its number: what **combine** makes of all lanes' in one order, for each of them. */
export function reductionText(
  name: string,
  lanes: 64 | 256,
  combine: (a: string, b: string) => string,
): string {
  const at = (place: string) => `${name}Lanes[${place}]`;
  return `
var<workgroup> ${name}Lanes: array<f32, ${lanes}>;
fn ${name}(lane: u32, mine: f32) -> f32 {
  ${at("lane")} = mine;
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { ${at("lane")} = ${combine(at("lane"), at("lane + half"))}; }
  }
  workgroupBarrier();
  let all = ${at("0u")};
  workgroupBarrier();
  return all;
}`;
}

/** Function **name** for the sum. */
export const sumText = (name: string, lanes: 64 | 256): string =>
  reductionText(name, lanes, (a, b) => `${a} + ${b}`);
