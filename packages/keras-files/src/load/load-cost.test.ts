// A model file costs time and memory that follow from its size, whatever it says.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { strFromU8, unzipSync, zipSync } from "fflate";
import { File, Module, ready } from "h5wasm";
import { afterAll, expect, test, vi } from "vitest";
import { fileBytes, fileIds, filePath } from "../files.fixture.ts";
import { lookup3 } from "../hdf5/checksum.ts";
import { ownFolder } from "../own-process.fixture.ts";
import type { LoadCost } from "./load-cost.fixture.ts";

const { folder, remove } = ownFolder();
afterAll(remove);

// Files of 60 MB are made, and each is opened by a process of its own.
vi.setConfig({ testTimeout: 120_000 });
const mostSeconds = 2;
const mostMegabytes = 300;

const costsOf = (args: string[]): Promise<LoadCost[]> =>
  new Promise((resolve, reject) => {
    const options = { maxBuffer: 2 ** 28, timeout: 500_000 };
    const command = [join(folder, "load/load-cost.fixture.js"), ...args];
    execFile(execPath, command, options, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as LoadCost[]),
    );
  });

/** Opens a file, after a small one, in a process of its own. */
async function costOf(bytes: Uint8Array): Promise<LoadCost> {
  const path = join(folder, "hostile");
  writeFileSync(path, bytes);
  const [, cost] = await costsOf(["files", filePath("file_simple_rnn.keras"), path]);
  return cost!;
}

function expectCheap({ cpu, peak }: LoadCost): void {
  expect(cpu).toBeLessThan(mostSeconds);
  expect(peak).toBeLessThan(mostMegabytes);
}

const members = unzipSync(fileBytes("file_simple_rnn.keras"));
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const withConfig = (text: string): Uint8Array =>
  zipSync({ ...members, "config.json": encode(text) }, { level: 1 });
const withWeights = (bytes: Uint8Array): Uint8Array =>
  zipSync({ ...members, "model.weights.h5": bytes }, { level: bytes.length > 1e6 ? 6 : 0 });

async function hdf5(write: (file: File) => void): Promise<Uint8Array<ArrayBuffer>> {
  await ready;
  const path = "/load-cost.h5";
  const file = new File(path, "w");
  write(file);
  file.close();
  const bytes = Uint8Array.from(Module.FS.readFile(path) as Uint8Array);
  Module.FS.unlink(path);
  return bytes;
}

const times = <T>(count: number, of: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => of(i));

test("a local heap whose free block names itself opens: what is free is not looked at", async () => {
  const bytes = fileBytes("file_simple_rnn.h5");
  const view = new DataView(bytes.buffer);
  const heaps = times(bytes.length - 32, (i) => i).filter(
    (at) => strFromU8(bytes.subarray(at, at + 4)) === "HEAP",
  );
  let circles = 0;
  for (const at of heaps) {
    const free = view.getBigUint64(at + 16, true);
    // 1: nothing is free.
    if (free === 1n) continue;
    const block = Number(view.getBigUint64(at + 24, true) + free);
    view.setBigUint64(block, free, true);
    circles++;
  }
  expect(circles).toBeGreaterThan(3);
  const cost = await costOf(bytes);
  expectCheap(cost);
  expect(cost.result).toBe(5);
});

/** `GCOL` */
const signature = 0x4c4f4347;
/** Number 1, of 16 bytes: the next header and its own object. */
const object = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]);

const header = (at: number, end: number): Uint8Array => {
  const heap = new DataView(new ArrayBuffer(16));
  heap.setUint32(0, signature, true);
  heap.setUint8(4, 1);
  heap.setBigUint64(8, BigInt(end - at), true);
  return new Uint8Array(heap.buffer);
};

/** A file whose model_config is a list of 4,000 texts; **place** says where text **i** lies. */
async function withTexts(
  first: string,
  tail: number,
  place: (i: number, own: number, end: number) => [at: number, index: number],
): Promise<Uint8Array> {
  const texts = [first, ...times(3999, (i) => `${i}`.padStart(4, "0"))];
  const whole = await hdf5((file) => {
    file.create_attribute("model_config", texts, [texts.length], "S");
  });
  const bytes = new Uint8Array(whole.length + tail);
  bytes.set(whole);
  const view = new DataView(bytes.buffer);
  let [own, count] = [0, 0];
  for (let at = 0; at + 16 <= whole.length; at++) {
    // A text's length, its heap and its number there.
    const size = view.getUint32(at, true);
    if (size !== 4 && size !== first.length) continue;
    const heap = Number(view.getBigUint64(at + 4, true));
    if (heap + 16 > whole.length || view.getUint32(heap, true) !== signature) continue;
    if (size === first.length) own = heap;
    const [to, index] = place(count++, own, whole.length);
    view.setUint32(at, first.length, true);
    view.setBigUint64(at + 4, BigInt(to), true);
    view.setUint32(at + 12, index, true);
  }
  expect(count).toBe(4000);
  // The root's description has a checksum of its own.
  const root = Number(view.getBigUint64(36, true));
  const flags = bytes[root + 5]!;
  const sizeAt = root + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
  const width = 1 << (flags & 3);
  const size = width === 1 ? bytes[sizeAt]! : view.getUint16(sizeAt, true);
  const behind = sizeAt + width + (width === 4 ? view.getUint32(sizeAt, true) : size);
  view.setUint32(behind, lookup3(bytes.subarray(root, behind)), true);
  return bytes;
}

test("2.5 MB of heaps in heaps: unread, and refused where texts lie in each of them", async () => {
  const tail = 2_500_000;
  const fill = (bytes: Uint8Array): Uint8Array => {
    for (let at = bytes.length - tail; at + 16 <= bytes.length; at += 16) {
      bytes.set(header(at, bytes.length), at);
    }
    return bytes;
  };
  const unread = new Uint8Array(fileBytes("file_simple_rnn.h5").length + tail);
  unread.set(fileBytes("file_simple_rnn.h5"));
  const opened = await costOf(fill(unread));
  expectCheap(opened);
  expect(opened.result).toBe(5);
  const nested = await withTexts("first text", tail, (i, _, end) => [end + 16 * i, 1]);
  const refused = await costOf(fill(nested));
  expectCheap(refused);
  expect(refused.result).toContain("got one with a broken heap");
  // Heaps that hold one another, each of them whole.
  const whole = await withTexts("first text", tail, (i, _, end) => [end + 32 * i, 1]);
  const end = whole.length - tail;
  for (let at = end; at + 32 <= whole.length; at += 32) {
    whole.set(header(at, whole.length), at);
    whole.set(object, at + 16);
  }
  // The last one is free.
  whole[whole.length - 16] = 0;
  const cost = await costOf(whole);
  expectCheap(cost);
  expect(cost.result).toContain("got one whose parts lie in one another");
});

test("four thousand references to one text of 220,000 letters are refused", async () => {
  const bytes = await withTexts("x".repeat(220_000), 0, (_, own) => [own, 1]);
  expect(bytes.length).toBeLessThan(500_000);
  const cost = await costOf(bytes);
  expectCheap(cost);
  expect(cost.result).toContain("got one whose parts lie in one another");
});

test.each<[string, () => string, RegExp]>([
  ["57 MiB of [],", () => `[${"[],".repeat(19_900_000)}[]]`, /at most \d+ bytes in config.json/],
  ["30 MB of [],", () => `[${"[],".repeat(10_000_000)}[]]`, /at most \d+ values of JSON/],
  ["600,000 keys", () => `[${times(600_000, (i) => `{"k${i}":0}`)}]`, /at most \d+ values of JSON/],
  ["30 MB of NaN", () => "NaN".repeat(10_000_000), /at most \d+ values of JSON/],
  ["30 MB of N", () => "N".repeat(30_000_000), /expected JSON, got/],
  [
    "240,000 keys",
    () => `[${times(240_000, (i) => `{"k${i}":0}`)}]`,
    /config.json to be an object/,
  ],
  ["450,000 NaN", () => `[${"NaN,".repeat(450_000)}NaN]`, /config.json to be an object/],
])("a config.json of %s is refused, soon and in little memory", async (_, text, message) => {
  const cost = await costOf(withConfig(text()));
  expectCheap(cost);
  expect(cost.result).toMatch(message);
});

const graph = (layers: string[], output: string): string =>
  `{"class_name":"Functional","config":{"name":"f","layers":[${layers}],"input_layers":["in",0,0],"output_layers":["${output}",0,0]}}`;
const input = `{"class_name":"InputLayer","config":{"name":"in","batch_shape":[null,1]},"name":"in","inbound_nodes":[]}`;
const dropout = (name: string, from: string[]): string =>
  `{"class_name":"Dropout","config":{"name":"${name}","rate":0},"name":"${name}","inbound_nodes":[[${from.map((each) => `["${each}",0,0]`)}]]}`;
const add = (name: string, from: string[]): string =>
  `{"class_name":"Add","config":{"name":"${name}"},"name":"${name}","inbound_nodes":[[${from.map((each) => `["${each}",0,0]`)}]]}`;

test.each<[string, string]>([
  ["at most 500000 values", graph([input, ...times(60_000, (i) => dropout(`a${i}`, ["z"]))], "z")],
  ["at most 5000 layers", graph([input, ...times(30_000, (i) => dropout(`a${i}`, ["z"]))], "z")],
  [
    "at most 1000 inputs",
    graph(
      [
        input,
        add(
          "a",
          times(60_000, () => "in"),
        ),
      ],
      "a",
    ),
  ],
  [
    "weights",
    graph([...times(4900, (i) => dropout(`a${i}`, ["z"])), dropout("z", ["in"]), input], "a0"),
  ],
  [
    "weights",
    graph(
      [
        input,
        ...times(20, (i) =>
          add(
            `a${i}`,
            times(1000, () => "in"),
          ),
        ),
      ],
      "a0",
    ),
  ],
  [
    "weights",
    graph([input, ...times(2000, (i) => dropout(`a${i}`, [i ? `a${i - 1}` : "in"]))], "a1999"),
  ],
])("a graph of tens of thousands of layers or inputs: %s", async (message, config) => {
  const cost = await costOf(withConfig(config));
  expectCheap(cost);
  expect(cost.result).toContain(message);
});

test.each([100, 1300])("%i hard links from a group to itself are refused", async (count) => {
  const bytes = await hdf5((file) => {
    file.create_group("layers");
    for (let i = 0; i < count; i++) file.create_hard_link("/layers", `layers/again${i}`);
  });
  const cost = await costOf(withWeights(bytes));
  expectCheap(cost);
  expect(cost.result).toMatch(/expected (groups nested|at most 50000 objects)/);
});

test("groups that share their groups, ten to the power of twelve paths, are refused", async () => {
  const bytes = await hdf5((file) => {
    for (let i = 0; i < 12; i++) {
      file.create_group(`g${i}`);
      for (let j = 0; i > 0 && j < 10; j++) file.create_hard_link(`/g${i - 1}`, `g${i}/${j}`);
    }
  });
  const cost = await costOf(withWeights(bytes));
  expectCheap(cost);
  expect(cost.result).toContain("expected at most 50000 objects in the file, got more");
});

test("names of 60,000 letters in groups that share them are refused", async () => {
  const bytes = await hdf5((file) => {
    const name = "n".repeat(60_000);
    file.create_group(name);
    for (let i = 0; i < 500; i++) file.create_group(`${name}/${i}`);
  });
  const cost = await costOf(withWeights(bytes));
  expectCheap(cost);
  expect(cost.result).toContain("letters of paths in the file, got more");
});

test("200 MB of zeros, deflated to 200 KB, are refused before they are made", async () => {
  const cost = await costOf(withWeights(new Uint8Array(200_000_000)));
  expectCheap(cost);
  expect(cost.peak).toBeLessThan(60);
  expect(cost.result).toContain("expected model.weights.h5 to be stored as it is");
});

test("mutants of real files: each is opened or refused with an error, soon, in little memory", async () => {
  const paths = fileIds.flatMap((id) => [`${id}.keras`, `${id}.h5`].map(filePath));
  const costs = await costsOf(["mutants", "1", "1500", ...paths]);
  expect(costs).toHaveLength(1500);
  for (const cost of costs) {
    expectCheap(cost);
    if (typeof cost.result === "string") {
      expect(cost.result).toMatch(/^loadKerasModel: /);
    }
  }
  expect(costs.filter(({ result }) => typeof result === "number").length).toBeGreaterThan(50);
});
