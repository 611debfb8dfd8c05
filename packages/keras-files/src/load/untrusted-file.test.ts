import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import { layers } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { memory } from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import * as fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { File, Module, ready } from "h5wasm";
import { expect, test } from "vitest";
import { fileBytes, fileIds } from "../files.fixture.ts";
import { loadKerasModel, loadWeights } from "../index.ts";
import { parseJson } from "../keras/json-text.ts";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const small = "file_simple_rnn.keras";
const onWarning = (): void => {};

/** A member's entry in the directory of a zip. */
function directoryEntry(zip: Uint8Array, name: string): { view: DataView; at: number } {
  const view = new DataView(zip.buffer, zip.byteOffset);
  const wanted = encode(name);
  for (let at = zip.length - 46; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    if (wanted.every((byte, i) => zip[at + 46 + i] === byte)) return { view, at };
  }
  throw new Error(`no entry ${name}`);
}

/** small with an HDF5 file that **write** makes. */
async function weightsMadeBy(write: (file: File) => void): Promise<Uint8Array> {
  await ready;
  const path = "/written-by-test.h5";
  const file = new File(path, "w");
  write(file);
  file.close();
  const bytes = Uint8Array.from(Module.FS.readFile(path) as Uint8Array);
  Module.FS.unlink(path);
  return zipSync({ ...unzipSync(fileBytes(small)), "model.weights.h5": bytes }, { level: 0 });
}

const renamed = (name: string): Uint8Array =>
  zipSync({ ...unzipSync(fileBytes(small)), [name]: encode("x") }, { level: 0 });

const hostileZips: [string, () => Uint8Array, string][] = [
  ["an absolute path", () => renamed("/etc/passwd"), "expected relative paths without .."],
  ["..", () => renamed("assets/../../x"), "expected relative paths without .."],
  ["a NUL", () => renamed("a\0b"), "expected relative paths without .."],
  ["a drive", () => renamed("C:x"), "expected relative paths without .."],
  [
    "a name twice",
    () => {
      const zip = renamed("config.jsom");
      const { at } = directoryEntry(zip, "config.jsom");
      zip[at + 46 + 10] = "n".charCodeAt(0);
      return zip;
    },
    'got "config.json" twice',
  ],
  [
    "a declared size that deflate cannot reach",
    () => {
      const zip = zipSync(unzipSync(fileBytes(small)), { level: 9 });
      const { view, at } = directoryEntry(zip, "model.weights.h5");
      view.setUint32(at + 24, 2 ** 30, true);
      return zip;
    },
    "expected a size of model.weights.h5 that",
  ],
  [
    "a bomb that declares less",
    () => {
      const bomb = { ...unzipSync(fileBytes(small)), "config.json": new Uint8Array(5_000_000) };
      const zip = zipSync(bomb, { level: 9 });
      const { view, at } = directoryEntry(zip, "config.json");
      view.setUint32(at + 24, 1000, true);
      return zip;
    },
    "expected 1000 bytes in config.json, got more",
  ],
  [
    "a flipped bit in a weight",
    () => {
      const zip = fileBytes(small);
      zip[zip.length - 1500]! ^= 1;
      return zip;
    },
    "expected model.weights.h5 with the CRC-32",
  ],
  [
    "encryption",
    () => {
      const zip = fileBytes(small);
      const { view, at } = directoryEntry(zip, "config.json");
      view.setUint16(at + 8, 1, true);
      return zip;
    },
    "expected no encrypted member",
  ],
  ["no config", () => zipSync({ a: encode("b") }), "expected a zip with config.json, got a"],
  ["no weights", () => zipSync({ "config.json": encode("{}") }), "with model.weights.h5"],
];

test.each(hostileZips)("a zip with %s is refused", async (_, bytes, message) => {
  await expectNoTensorLeak(async () => {
    await expect(loadKerasModel(bytes())).rejects.toThrow(message);
  });
});

test("a limit on bytes holds for the file and for each of its members", async () => {
  const bytes = fileBytes(small);
  await expect(loadKerasModel(bytes, { maxBytes: bytes.length - 1 })).rejects.toThrow(
    `expected a file of at most ${bytes.length - 1} bytes (maxBytes), got ${bytes.length}`,
  );
  const deflated = zipSync(unzipSync(bytes), { level: 9 });
  await expect(loadKerasModel(deflated, { maxBytes: deflated.length })).rejects.toThrow(
    `expected at most ${deflated.length} bytes in model.weights.h5`,
  );
});

test("JSON is parsed to a depth of 100 levels, brackets in strings apart", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJson("x", nested(100))).toEqual(JSON.parse(nested(100)));
  expect(() => parseJson("x", nested(101))).toThrow("x: expected JSON of at most 100 levels");
  expect(() => parseJson("x", nested(5_000_000))).toThrow("at most 100 levels");
  expect(parseJson("x", `["${"[".repeat(200)}\\"["]`)).toHaveLength(1);
  expect(() => parseJson("x", "{")).toThrow('x: expected JSON, got "{"');
});

const group = (file: File) => {
  file.create_group("layers");
  file.create_group("layers/dense");
};

const hostileHdf5: [string, (file: File) => void, string][] = [
  [
    "a soft link to itself",
    (file) => {
      group(file);
      file.create_soft_link("/layers/loop", "layers/loop");
    },
    'expected no soft link, got "layers/loop"',
  ],
  [
    "a link to another file",
    (file) => {
      group(file);
      file.create_external_link("/etc/passwd", "/x", "layers/out");
    },
    'expected no link to another file, got "layers/out"',
  ],
  [
    "a group that holds itself",
    (file) => {
      group(file);
      file.create_hard_link("/layers", "layers/dense/again");
    },
    "expected groups nested at most 40 deep",
  ],
  [
    "a filter",
    (file) => {
      group(file);
      file.create_dataset({
        ...{ name: "layers/dense/x", data: new Float32Array(100), shape: [10, 10] },
        ...{ chunks: [10, 10], compression: "gzip", compression_opts: [4] },
      });
    },
    'expected data as it is, without filters, got "layers/dense/x" with deflate',
  ],
  ["nothing in it", () => {}, "got a file without it"],
];

test.each(hostileHdf5)("HDF5 with %s is refused", async (_, write, message) => {
  const bytes = await weightsMadeBy(write);
  await expectNoTensorLeak(async () => {
    await expect(loadKerasModel(bytes)).rejects.toThrow(message);
  });
});

test("a heap whose walk would not end, or leave it, is refused", async () => {
  const start = Buffer.from(fileBytes("file_simple_rnn.h5")).indexOf("GCOL");
  const [free, beyond] = [0, 0xfffffff0];
  for (const [at, value] of [
    // The first object's number and size, and the heap's size.
    [16, free],
    [24, beyond],
    [8, 0x7fffffff],
  ] as const) {
    const bytes = fileBytes("file_simple_rnn.h5");
    const heap = new DataView(bytes.buffer, bytes.byteOffset + start);
    heap.setUint32(at, value, true);
    if (value === free) heap.setUint32(24, 0, true);
    await expect(loadKerasModel(bytes)).rejects.toThrow("got one with a broken heap at byte");
  }
});

const dense = (): LayersModel =>
  sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] });

// Written by h5py 3.14.
test.each([
  ["external-data", 'expected the values of "layers/dense/vars/0", got data in another file'],
  ["virtual-data", 'expected data inside the file, got "layers/dense/vars/0", which is virtual'],
  ["huge-shape", 'bytes can hold, got "layers/dense/vars/0" of shape [1048576, 1048576, 1048576]'],
])(
  "%s is refused: nothing is read but the file, and no more than it holds",
  async (name, message) => {
    const url = new URL(`../../fixtures/${name}.weights.h5`, import.meta.url);
    const model = dense();
    await expectNoTensorLeak(async () => {
      await expect(loadWeights(model, readFileSync(url))).rejects.toThrow(message);
    });
  },
);

test("a config that asks for more weights than the file has is refused before they are made", async () => {
  const members = unzipSync(fileBytes(small));
  const config = new TextDecoder().decode(members["config.json"]);
  members["config.json"] = encode(config.replace('"units": 4', '"units": 4000000000'));
  await expectNoTensorLeak(async () => {
    await expect(loadKerasModel(zipSync(members))).rejects.toThrow(
      /expected weights that \d+ bytes can hold, got .* of shape \[2, 4000000000\] in simple_rnn/,
    );
  });
});

const heap = async (): Promise<[number, number, number]> => {
  await ready;
  const { FS } = Module as unknown as {
    FS: { streams: unknown[]; readdir(path: string): string[] };
  };
  return [Module.HEAPU8.length, FS.streams.filter(Boolean).length, FS.readdir("/").length];
};

const formats = fileIds.flatMap((id) => [`${id}.keras`, `${id}.h5`, `${id}.weights.h5`]);

test.each(formats)(
  "%s, cut off or with flipped bytes: an error or a model of the same shapes",
  async (name) => {
    const original = fileBytes(name);
    const whole = await loadKerasModel(fileBytes(name.replace(/\.(weights\.)?h5$/, ".keras")), {
      onWarning,
    });
    const shapes = whole.weights.map(({ shape }) => shape);
    const before = [memory().numTensors, ...(await heap())];
    const attempt = async (bytes: Uint8Array): Promise<void> => {
      if (name.endsWith(".weights.h5")) {
        await loadWeights(whole, bytes).catch((error) => expect(error).toBeInstanceOf(Error));
        expect(whole.weights.map(({ shape }) => shape)).toEqual(shapes);
        return;
      }
      const loaded = await loadKerasModel(bytes, { onWarning }).catch((error) => {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(WebAssembly.RuntimeError);
      });
      if (!loaded) return;
      expect(loaded.weights.map(({ shape }) => shape)).toEqual(shapes);
      loaded.dispose();
    };
    const flip = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.option(fc.nat(original.length)),
        fc.array(flip, { maxLength: 8 }),
        async (length, flips) => {
          const bytes = original.slice(0, length ?? original.length);
          for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
          await attempt(bytes);
        },
      ),
      { numRuns: 40 },
    );
    await attempt(original);
    expect([memory().numTensors, ...(await heap())]).toEqual(before);
    whole.dispose();
  },
);
