import { Module } from "h5wasm";
import { expect, test } from "vitest";
import { attributeText, outlineOf } from "./outline.fixture.ts";
import { hdf5Bytes } from "./writer.ts";

test("groups, datasets of any shape and attributes, as h5py has them", async () => {
  const bytes = await hdf5Bytes((file) => {
    file.dataset("a/b/0", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    file.dataset("a/none", new Float32Array(0), [0, 3]);
    file.dataset("count", BigInt64Array.of(7n), []);
    file.text("a", "name", "größe");
    file.bytes("", "plain", "abc");
    file.bytesList("a", "names", ["one", "three"]);
    file.bytesList("a/b", "names", []);
  });
  expect(await outlineOf(bytes)).toEqual({
    groups: ["/", "a", "a/b"],
    datasets: { "a/b/0": "<f [2,3]", "a/none": "<f [0,3]", count: "<q []" },
    attributes: {
      "/ plain": "A of any length [] abc",
      "a name": "S of any length [] größe",
      "a names": "A of any length [2] one,three",
      "a/b names": "<d [0] ",
    },
  });
  expect(await attributeText(bytes, "plain")).toBe("abc");
});

test("a list too long for one attribute is split as Keras splits it: names0, names1, ...", async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `a_rather_long_name_of_a_layer_${i}`);
  const { attributes } = await outlineOf(
    await hdf5Bytes((file) => file.bytesList("", "weight_names", names)),
  );
  expect(Object.keys(attributes)).toEqual(["/ weight_names0", "/ weight_names1"]);
  const values = Object.values(attributes).flatMap((shown) => shown.split("] ")[1]!.split(","));
  expect(values).toEqual(names);
});

test("what HDF5 refuses is thrown, and neither it nor an error of the caller's leaves a file", async () => {
  await hdf5Bytes(() => {});
  const files = () => Module.FS.readdir("/");
  const before = files();
  await expect(
    hdf5Bytes((file) => {
      file.dataset("x", Float32Array.of(1), [1]);
      file.dataset("x", Float32Array.of(1), [1]);
    }),
  ).rejects.toThrow("HDF5");
  await expect(hdf5Bytes(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  expect(files()).toEqual(before);
});
