// What texts of programs have in common.

/** The numbers from 0 to below n. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * The head of a program whose workgroups are `inTwo`'s: `place` is the number of one, `lane` that of an invocation in it.
 * What is beyond the count must do nothing.
 */
export const mainInTwo = (lanes: number): string => `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let place = group.x + group.y * groups.x;`;

const bits = new DataView(new ArrayBuffer(4));

/** A number's float32 as the word that a uniform struct takes. */
export function wordOf(number: number): number {
  bits.setFloat32(0, number);
  return bits.getUint32(0);
}

/** Function *number*: the float32 of such a word. */
export const numberText = "fn number(word: u32) -> f32 { return bitcast<f32>(word); }";

/** Function *isNan*, by the bits: of comparisons with NaN nothing is promised. */
export const isNanText =
  "fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }";

/** Function *idOf*: the id in a word of int32 or float32, as u32, in which a negative one is large. */
export const idText = `fn idOf(word: u32, isFloat: bool) -> u32 {
  return select(word, bitcast<u32>(i32(bitcast<f32>(word))), isFloat);
}`;
