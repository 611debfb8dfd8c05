// What HDF5's own library writes, read without it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import * as fc from "fast-check";
import { File, type Group, Module, ready } from "h5wasm";
import { expect, test } from "vitest";
import { fileBytes, fileIds } from "../files.fixture.ts";
import { type Hdf5, openHdf5 } from "./file.ts";

const path = "/hdf5-file-test.h5";

/** The bytes of a file that HDF5's library writes. */
async function written(write: (file: File) => void): Promise<Uint8Array> {
  await ready;
  const file = new File(path, "w");
  write(file);
  file.close();
  const bytes = Uint8Array.from(Module.FS.readFile(path) as Uint8Array);
  Module.FS.unlink(path);
  return bytes;
}

const valuesOf = (file: Hdf5, name: string): number[] =>
  Array.from(file.datasets.get(name)!.read());

const lists = {
  "<f": Float32Array,
  "<d": Float64Array,
  "<i": Int32Array,
  "<I": Uint32Array,
  "<h": Int16Array,
  "<H": Uint16Array,
  "<b": Int8Array,
  "<B": Uint8Array,
} as const;

test("numbers of every type, in one piece or in chunks, are those that were written", async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      ...([fc.constantFrom(...(Object.keys(lists) as (keyof typeof lists)[])), sizes] as const),
      fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 5 }))),
      fc.boolean(),
      async (dtype, shape, chunk, isChunked) => {
        const count = shape.reduce((product, n) => product * n, 1);
        const data = new lists[dtype](Array.from({ length: count }, (_, i) => (37 * i + 5) % 100));
        const chunks = shape.map((n, axis) => Math.min(n, chunk[axis]!));
        const inChunks = isChunked && shape.length > 0 ? { chunks } : {};
        const bytes = await written((file) => {
          file.create_group("a");
          file.create_dataset({ name: "a/b", data, shape, dtype, ...inChunks });
        });
        const file = openHdf5("x", bytes);
        expect(file.datasets.get("a/b")!.shape).toEqual(shape);
        expect(valuesOf(file, "a/b")).toEqual(Array.from(data));
      },
    ),
    { numRuns: 200 },
  );
});

test("a group of two thousand members, groups in groups, and texts of every length", async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `member ${i} é`);
  const long = "λ".repeat(20_000);
  const bytes = await written((file) => {
    file.create_group("many");
    for (const name of names) file.create_group(`many/${name}`);
    for (const name of ["a", "a/b", "a/b/c"]) file.create_group(name);
    const group = file.get("a/b") as unknown as File;
    group.create_attribute("long", long, [], "S");
    group.create_attribute("empty", "", [], "S");
    group.create_attribute("list", ["x", "", "ü"], [3], "S");
    group.create_attribute("fixed", ["ab", "c"], [2], "S4");
    group.create_attribute("none", new Float64Array(0), [0], "<d");
    group.create_attribute("number", new Float64Array(1), [1], "<d");
  });
  const file = openHdf5("x", bytes);
  expect([...file.groups].filter((name) => name.startsWith("many/")).sort()).toEqual(
    names.map((name) => `many/${name}`).sort(),
  );
  expect(file.groups.has("a/b/c")).toBe(true);
  expect(file.text("a/b", "long")).toBe(long);
  expect(file.text("a/b", "empty")).toBe("");
  expect(file.text("a/b", "list")).toEqual(["x", "", "ü"]);
  expect(file.text("a/b", "fixed")).toEqual(["ab", "c"]);
  expect(file.text("a/b", "none")).toEqual([]);
  expect(file.text("a/b", "nothing")).toBeUndefined();
  expect(file.text("b", "long")).toBeUndefined();
  expect(() => file.text("a/b", "number")).toThrow("x: expected the attribute number to be text");
});

test("an object of two names is the same under both", async () => {
  const bytes = await written((file) => {
    file.create_group("a");
    file.create_dataset({ name: "a/x", data: new Float32Array([1, 2]), shape: [2] });
    file.create_hard_link("/a", "b");
  });
  const file = openHdf5("x", bytes);
  expect([...file.datasets.keys()].sort()).toEqual(["a/x", "b/x"]);
  expect(valuesOf(file, "b/x")).toEqual([1, 2]);
});

test("whatever byte of a file of ours changes, groups and datasets are the same or it is refused", async () => {
  const bytes = await written((file) => {
    for (const name of ["a", ..."0123456789"]) file.create_group(name);
    file.create_dataset({ name: "a/x", data: new Float32Array([1, 2]), shape: [1, 2] });
    for (let i = 0; i < 10; i++) (file.get("a") as Group).create_attribute(`t${i}`, "text");
  });
  const outline = (file: Hdf5) =>
    JSON.stringify([
      [...file.groups].sort(),
      [...file.datasets.values()].map(({ path, shape, type }) => [path, shape, type]),
    ]);
  const whole = outline(openHdf5("x", bytes));
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    bytes[at]! ^= 16;
    try {
      expect(outline(openHdf5("x", bytes))).toBe(whole);
    } catch (error) {
      expect((error as Error).message).toMatch(/^x: expected a whole HDF5 file/);
      refused++;
    }
    bytes[at]! ^= 16;
  }
  expect(refused).toBeGreaterThan(1000);
});

test.each(fileIds.flatMap((id) => [`${id}.h5`, `${id}.weights.h5`]))(
  "%s: every cut is said to be one, with its place",
  (name) => {
    const whole = fileBytes(name);
    openHdf5("x", whole);
    for (const length of [whole.length - 1, Math.floor(whole.length / 2), 200]) {
      expect(() => openHdf5("x", whole.subarray(0, length))).toThrow(
        `x: expected a whole HDF5 file, got one that is cut off at byte ${length} of ${whole.length}`,
      );
    }
    expect(() => openHdf5("x", whole.subarray(0, 20))).toThrow("x: expected a whole HDF5 file");
  },
);

const python = env.RNNKIT_KERAS_PYTHON ?? "";
const reason = python ? "" : " (skipped: no Python at RNNKIT_KERAS_PYTHON)";
const program = `
import h5py, numpy, sys
with h5py.File(sys.argv[1], "w", **eval(sys.argv[2])) as f:
  for kind in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i2", ">u2", "<i4", ">u4", "<i8", ">i8", ">u8"]:
    f.create_dataset("types/" + kind, data=numpy.arange(12).reshape(3, 4).astype(kind))
  f.create_dataset("scalar", data=numpy.float32(7))
  f.create_dataset("empty", data=numpy.zeros((0, 3), "f4"))
  f.create_dataset("unwritten", (3,), "f4", fillvalue=5)
  f.create_dataset("zeros", (3,), "f4")
  if sys.argv[4] == "chunks":
    f.create_dataset("chunks", data=numpy.arange(350, dtype="f4").reshape(5, 70), chunks=(2, 3))
    part = f.create_dataset("part", (4, 4), "f4", chunks=(2, 2), fillvalue=9)
    part[2:, 2:] = 1
  g = f.create_group("g")
  g.attrs["text"] = "é" * 5000
  g.attrs["bytes"] = b"abc"
  g.attrs["fixed"] = numpy.array([b"kernel:0", b"b"])
  g.attrs["texts"] = ["a", "ü" * 3]
  g.attrs["none"] = []
  for i in range(int(sys.argv[3])):
    g.create_group(f"layer_{i}")
    g.attrs[f"more{i}"] = f"text {i}"
`;

test.skipIf(!python)(`what h5py writes, of all versions of the format${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-h5py-"));
  const file = join(folder, "x.h5");
  const write = (options: string, more: number, chunks: string): Uint8Array => {
    execFileSync(python, ["-c", program, file, options, `${more}`, chunks]);
    return new Uint8Array(readFileSync(file));
  };
  expect(() => openHdf5("x", write('{"libver": "latest"}', 3, "chunks"))).toThrow(
    'x: expected a file as Keras and h5py write it, got chunks in the form of libver="latest"',
  );
  for (const [options, more, chunks] of [
    ["{}", 300, "chunks"],
    ['{"libver": ("v108", "v108"), "track_order": True}', 2000, "chunks"],
    ['{"libver": "latest"}', 3, ""],
    ['{"libver": "latest"}', 300, ""],
  ] as const) {
    const read = openHdf5("x", write(options, more, chunks));
    const count = (n: number) => Array.from({ length: n }, (_, i) => i);
    const types = [...read.datasets.keys()].filter((name) => name.startsWith("types/"));
    expect(types).toHaveLength(15);
    for (const name of types) expect(valuesOf(read, name)).toEqual(count(12));
    expect(valuesOf(read, "scalar")).toEqual([7]);
    expect(valuesOf(read, "empty")).toEqual([]);
    expect(valuesOf(read, "unwritten")).toEqual([5, 5, 5]);
    expect(valuesOf(read, "zeros")).toEqual([0, 0, 0]);
    if (chunks) {
      expect(valuesOf(read, "chunks")).toEqual(count(350));
      expect(valuesOf(read, "part")).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 9, 9, 1, 1]);
    }
    expect(read.text("g", "text")).toBe("é".repeat(5000));
    expect(read.text("g", "bytes")).toBe("abc");
    expect(read.text("g", "fixed")).toEqual(["kernel:0", "b"]);
    expect(read.text("g", "texts")).toEqual(["a", "üüü"]);
    expect(read.text("g", "none")).toEqual([]);
    for (let i = 0; i < more; i++) {
      expect(read.groups.has(`g/layer_${i}`)).toBe(true);
      expect(read.text("g", `more${i}`)).toBe(`text ${i}`);
    }
  }
  rmSync(folder, { recursive: true });
});
