// A product of two matrices in tiles, in WGSL: what programs of it read and write they say themselves.

/** Rows and columns of a tile: 16 times as many as an invocation has of each. */
export type Tile = 32 | 64;

/** The tile for a product of so many rows and columns. */
export function tileFor(rows: number, columns: number): Tile {
  return Math.min(rows, columns) > 32 ? 64 : 32;
}

/** The matrices of a product; texts may use what **prelude** sets. */
export interface TiledProduct {
  tile: Tile;
  /** Sets `rows`, `columns`, `begin` and `end` (of the sum's k), by `slice`, the workgroup's z. */
  prelude: string;
  /** A number of the left matrix, by `row` and `k`; neighbours in memory are those of `k` or of `row`. */
  left: string;
  leftAlong: "k" | "row";
  /** Of the right one, by `k` and `column`. */
  right: string;
  rightAlong: "k" | "column";
  /** How many sums there are, of `segment` 0 and so on, that are added up: 1 unless said. */
  segments?: string;
  /** What a segment's sum is multiplied by, by `row` and `column`: 1 unless said. */
  factor?: string;
  /** Writes `value` to its place, by `row` and `column`. */
  store: string;
}

const depth = 16;

/** The program's function; its buffers and functions stand before it. */
export function tiledProductText(product: TiledProduct): string {
  const { tile, prelude, left, leftAlong, right, rightAlong, segments, factor, store } = product;
  const own = tile / 16;
  const stride = tile + 1;
  const mine = Array.from({ length: own }, (_, i) => i);
  const vector = `vec${own}f`;
  const column = (j: number) => `firstColumn + lane % 16u + ${16 * j}u`;
  const row = (i: number) => `firstRow + lane / 16u + ${16 * i}u`;
  const component = (j: number) => "xyzw"[j];
  const split = (name: string, along: boolean) =>
    along
      ? `let k${name} = e % ${depth}u; let at${name} = e / ${depth}u;`
      : `let k${name} = e / ${tile}u; let at${name} = e % ${tile}u;`;
  const elements = (body: (i: number, j: number) => string) =>
    mine
      .flatMap((i) =>
        mine.map(
          (j) => `{ let row = ${row(i)}; let column = ${column(j)};
        if (row < rows && column < columns) { ${body(i, j)} } }`,
        ),
      )
      .join("\n");
  const add = (i: number) =>
    factor === undefined
      ? `total${i} += sum${i};`
      : mine
          .map(
            (j) => `{ let row = ${row(i)}; let column = ${column(j)};
        if (row < rows && column < columns) { total${i}.${component(j)} += sum${i}.${component(j)} * (${factor}); } }`,
          )
          .join("\n");
  return `
var<workgroup> lefts: array<f32, ${depth * stride}>;
var<workgroup> rights: array<f32, ${depth * stride}>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let firstRow = group.x * ${tile}u;
  let firstColumn = group.y * ${tile}u;
  let slice = group.z;
  ${prelude}
  ${mine.map((i) => `var total${i} = ${vector}(0.0);`).join("\n")}
  for (var segment = 0u; segment < ${segments ?? "1u"}; segment++) {
    ${mine.map((i) => `var sum${i} = ${vector}(0.0);`).join("\n")}
    for (var base = begin; base < end; base += ${depth}u) {
      for (var e = lane; e < ${depth * tile}u; e += 256u) {
        ${split("Left", leftAlong === "k")}
        var value = 0.0;
        { let k = base + kLeft; let row = firstRow + atLeft;
          if (k < end && row < rows) { value = ${left}; } }
        lefts[kLeft * ${stride}u + atLeft] = value;
        ${split("Right", rightAlong === "k")}
        value = 0.0;
        { let k = base + kRight; let column = firstColumn + atRight;
          if (k < end && column < columns) { value = ${right}; } }
        rights[kRight * ${stride}u + atRight] = value;
      }
      workgroupBarrier();
      for (var k = 0u; k < min(${depth}u, end - base); k++) {
        let at = k * ${stride}u;
        let b = ${vector}(${mine.map((j) => `rights[at + lane % 16u + ${16 * j}u]`).join(", ")});
        ${mine
          .map((i) => `sum${i} = fma(${vector}(lefts[at + lane / 16u + ${16 * i}u]), b, sum${i});`)
          .join("\n")}
      }
      workgroupBarrier();
    }
    ${mine.map(add).join("\n")}
  }
  ${elements((i, j) => `let value = total${i}.${component(j)}; ${store}`)}
}`;
}
