import { expect, test } from "vitest";
import { bytesField, bytesOf, floatField, intField, messageField, textField } from "./bytes.ts";

const written = async (...parts: Parameters<typeof bytesOf>[1][]) => [
  ...(await bytesOf("test", parts.flat())),
];

test("the examples of the encoding guide: 150, testing, a message in a message", async () => {
  expect(await written(intField(1, 150))).toEqual([0x08, 0x96, 0x01]);
  const testing = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67];
  expect(await written(textField(2, "testing"))).toEqual(testing);
  expect(await written(messageField(3, intField(1, 150)))).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
});

test("-1 is ten bytes, 1.5 is little-endian, text is UTF-8, a field above 15 has a key of two bytes", async () => {
  expect(await written(intField(1, -1))).toEqual([8, ...Array(9).fill(255), 1]);
  expect(await written(floatField(2, 1.5))).toEqual([0x15, 0, 0, 0xc0, 0x3f]);
  expect(await written(textField(1, "é"))).toEqual([0x0a, 2, 0xc3, 0xa9]);
  expect(await written(intField(20, 7))).toEqual([0xa0, 1, 7]);
});

test("beyond 2 GB: refused before anything is read or allocated", async () => {
  const content = {
    byteLength: 2 ** 30,
    read: (): Promise<Uint8Array> => Promise.reject(new Error("was read")),
  };
  const message = [bytesField(9, content), bytesField(9, content)].flat();
  await expect(bytesOf("exportOnnx", message)).rejects.toThrow(
    "exportOnnx: expected at most 2147483647 bytes, Protocol Buffers' limit, got 2147483660",
  );
});

test("data of another length than said is refused", async () => {
  const content = { byteLength: 4, read: async () => new Uint8Array(3) };
  await expect(bytesOf("exportOnnx", bytesField(1, content))).rejects.toThrow(
    "exportOnnx: expected 4 bytes of data, got 3",
  );
});
