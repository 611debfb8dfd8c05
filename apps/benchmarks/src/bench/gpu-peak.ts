// The most that an adapter does in a product of two float32 matrices: what fractions of its peak are of.

import { seededRandom } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { doneOn, type Gpu } from "./gpu-device.ts";

/** A kernel that multiplies two matrices, and the size at which it is at its best. */
export interface GpuPeak {
  /** As *own tiles of 128* or *tfjs's matMul*. */
  kernel: string;
  /** Rows and columns of the matrices. */
  size: number;
  gflops: number;
  /** The best of each kernel, this one among them. */
  others: Record<string, number>;
  /** GFLOP/s now, of this kernel at this size. */
  measure(): Promise<number>;
  dispose(): void;
}

/** Rows and columns of a workgroup's tile, and of the products that it has in its memory at once. */
const tiles = [
  { tile: 64, depth: 16 },
  { tile: 128, depth: 8 },
] as const;

type Tiles = (typeof tiles)[number];

/** One kernel on matrices of one size. */
interface Product {
  /** Asks for so many products. */
  run(times: number): void;
  /** Resolves when they are done. */
  done(): Promise<void>;
  /** The matrices: **a** by its columns where it is *byColumns*, **b** by its rows. */
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly byColumns: boolean;
  /** The product, by its rows. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

const largest = 8192;
// A product that takes so long has the device busy, and its dispatch unnoticed.
const longEnoughMs = 30;

/** Tries every kernel on matrices that grow until one product keeps the device busy; the fastest is the peak. */
export async function measureGpuPeak(gpu: Gpu, smallest = 256): Promise<GpuPeak> {
  const kernels: Record<string, (size: number) => Product> = {
    ...Object.fromEntries(
      tiles.map((of) => [`own tiles of ${of.tile}`, (size) => ownProduct(gpu, of, size)]),
    ),
    "tfjs's matMul": (size) => tfjsProduct(gpu, size),
  };
  const best: Record<string, { gflops: number; size: number }> = {};
  for (const [name, make] of Object.entries(kernels)) {
    best[name] = await bestOf(gpu, smallest, make);
  }
  const [[kernel, { size }]] = Object.entries(best).sort(([, a], [, b]) => b.gflops - a.gflops) as [
    [string, { gflops: number; size: number }],
  ];
  const product = kernels[kernel]!(size);
  const measure = () => speedOf(product, size);
  const others = Object.fromEntries(
    Object.entries(best).map(([name, { gflops }]) => [name, gflops]),
  );
  // The first run is the compiler's.
  await measure();
  const { dispose } = product;
  return { kernel, size, gflops: best[kernel]!.gflops, others, measure, dispose };
}

async function bestOf(
  gpu: Gpu,
  smallest: number,
  make: (size: number) => Product,
): Promise<{ gflops: number; size: number }> {
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.backend.device.limits;
  const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  let best = { gflops: 0, size: smallest };
  for (let size = smallest; size <= largest && 4 * size * size <= limit; size *= 2) {
    const product = make(size);
    try {
      product.run(1);
      await product.done();
      if (size === smallest) checkProduct(product, await product.read(), size);
      const gflops = await speedOf(product, size);
      if (gflops > best.gflops) best = { gflops, size };
      if ((2 * size ** 3) / gflops / 1e6 >= longEnoughMs) break;
    } finally {
      product.dispose();
    }
  }
  return best;
}

/** GFLOP/s, the best of a few bursts. */
async function speedOf({ run, done }: Product, size: number): Promise<number> {
  const burst = async (times: number) => {
    const startedAt = performance.now();
    run(times);
    await done();
    return (performance.now() - startedAt) / times;
  };
  const once = await burst(1);
  const times = Math.min(64, Math.ceil(longEnoughMs / once));
  const bursts = times === 1 ? [once, await burst(1)] : [await burst(times), await burst(times)];
  return (2 * size ** 3) / Math.min(...bursts) / 1e6;
}

/** @throws Error unless some elements of the product are right: a kernel that does not run is a fast one */
export function checkProduct(
  { a, b, byColumns }: Pick<Product, "a" | "b" | "byColumns">,
  product: Float32Array,
  size: number,
): void {
  for (let at = 0; at < product.length; at += 977) {
    const [row, column] = [Math.floor(at / size), at % size];
    let sum = 0;
    for (let k = 0; k < size; k++) {
      sum +=
        (a[byColumns ? k * size + row : row * size + k] as number) *
        (b[k * size + column] as number);
    }
    const difference = Math.abs((product[at] as number) - sum);
    if (difference <= 1e-4) continue;
    throw new Error(
      `bench gpu: expected ${sum} in the product that the peak is of, got ${product[at]}`,
    );
  }
}

function tfjsProduct(gpu: Gpu, size: number): Product {
  const [left, right] = [matrix(size, 1), matrix(size, 2)];
  const [a, b] = [left, right].map((values) => tf.tensor2d(values, [size, size])) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  return {
    ...{ a: left, b: right, byColumns: false },
    async read() {
      const product = tf.matMul(a, b);
      const values = (await product.data()) as Float32Array;
      product.dispose();
      return values;
    },
    run(times) {
      for (let i = 0; i < times; i++) tf.dispose(tf.matMul(a, b));
    },
    done: () => doneOn(gpu),
    dispose: () => tf.dispose([a, b]),
  };
}

/** Numbers around 0 that come again after a prime number of them. */
function matrix(size: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const some = Float32Array.from({ length: 4093 }, () => random.uniform() - 0.5);
  return Float32Array.from({ length: size * size }, (_, i) => some[i % some.length] as number);
}

/** A · B by a kernel of our own; **size** is a multiple of its tile. */
function ownProduct(
  { backend: { device } }: Pick<Gpu, "backend">,
  of: Tiles,
  size: number,
): Product {
  const [a, b] = [matrix(size, 1), matrix(size, 2)];
  const bytes = 4 * size * size;
  const filled = (values: Float32Array<ArrayBuffer>) => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: bytes, usage });
    device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  };
  const c = device.createBuffer({
    ...{ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC },
  });
  const buffers = [
    filled(a as Float32Array<ArrayBuffer>),
    filled(b as Float32Array<ArrayBuffer>),
    c,
  ];
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: {
      module: device.createShaderModule({ code: productText(of, size) }),
      entryPoint: "main",
    },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const done = () => device.queue.onSubmittedWorkDone();
  return {
    ...{ a, b, byColumns: true, done },
    run(times) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(size / of.tile, size / of.tile);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    async read() {
      const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
      const copy = device.createBuffer({ size: bytes, usage });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(c, 0, copy, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await copy.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(copy.getMappedRange().slice(0));
      copy.destroy();
      return values;
    },
    dispose() {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/**
 * 256 invocations have a tile; each has blocks of 4 rows and 4 columns of it, 64 apart, so that all numbers come
 * as vectors of four. The left matrix is stored by columns, so that its vectors lie along a tile too.
 */
function productText({ tile, depth }: Tiles, size: number): string {
  const blocks = Array.from({ length: tile / 64 }, (_, i) => i);
  const rows = blocks.flatMap((block) => ["x", "y", "z", "w"].map((part) => ({ block, part })));
  const each = (body: (row: number, block: number, part: string, column: number) => string) =>
    rows
      .flatMap(({ block, part }, row) => blocks.map((column) => body(row, block, part, column)))
      .join("\n");
  const width = tile / 4;
  return `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
var<workgroup> lefts: array<vec4f, ${depth * width}>;
var<workgroup> rights: array<vec4f, ${depth * width}>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let firstRow = group.y * ${width}u;
  let firstColumn = group.x * ${width}u;
  let mine = lane / 16u;
  let across = lane % 16u;
  let own = (lane / ${width}u) * ${size / 4}u + lane % ${width}u;
  ${each((row, _block, _part, column) => `var sum${row}_${column} = vec4f(0.0);`)}
  for (var k = 0u; k < ${size}u; k += ${depth}u) {
    lefts[lane] = a[k * ${size / 4}u + own + firstRow];
    rights[lane] = b[k * ${size / 4}u + own + firstColumn];
    workgroupBarrier();
    for (var d = 0u; d < ${depth}u; d++) {
      ${blocks.map((block) => `let left${block} = lefts[d * ${width}u + ${16 * block}u + mine];`).join("\n")}
      ${blocks.map((block) => `let right${block} = rights[d * ${width}u + ${16 * block}u + across];`).join("\n")}
      ${each((row, block, part, column) => `sum${row}_${column} = fma(vec4f(left${block}.${part}), right${column}, sum${row}_${column});`)}
    }
    workgroupBarrier();
  }
  ${each((row, block, _part, column) => `c[(4u * (firstRow + ${16 * block}u + mine) + ${row % 4}u) * ${size / 4}u + firstColumn + ${16 * column}u + across] = sum${row}_${column};`)}
}`;
}
