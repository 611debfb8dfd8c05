import fc from "fast-check";
import { expect, test } from "vitest";
import { DatasetError } from "./dataset-error.ts";
import { readPickledLists } from "./pickle.ts";
import { bytesOf, pickledLists, pickleOf } from "./tiny-imdb.fixture.ts";

function read(pickle: Uint8Array): number[][] {
  const { values, starts, ends } = readPickledLists("x", pickle);
  return Array.from(starts, (start, i) => Array.from(values.subarray(start, ends[i])));
}

const ids = fc.oneof(fc.nat(255), fc.nat(65_535), fc.nat(2 ** 30));

test("lists of any length and ids of any width come back as they were written", () => {
  const property = fc.property(fc.array(fc.array(ids, { maxLength: 40 })), (lists) => {
    expect(read(pickledLists(lists))).toEqual(lists);
  });
  fc.assert(property);
});

test("more than 1000 lists and more than 255 remembered values are read", () => {
  const lists = Array.from({ length: 2300 }, (_, i) => [i, i + 1, 3]);
  expect(read(pickledLists(lists))).toEqual(lists);
});

test("a list in several batches, and one built item by item, are read", () => {
  const lists = bytesOf("](](K\x01K\x02e(K\x03K\x04e]K\x05aK\x06ae");
  expect(read(pickleOf(2, lists))).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
});

// Written by Python 3's pickle with protocols 3 and 4: [[1, 2, 300], [], [70000], [5] * 3].
const protocol3 =
  "gANjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJDAWJxA4dx" +
  "BFJxBShLAUsEhXEGY251bXB5CmR0eXBlCnEHWAIAAABPOHEIiYiHcQlScQooSwNYAQAAAHxxC05OTkr/////Sv////9L" +
  "P3RxDGKJXXENKF1xDihLAUsCTSwBZV1xD11xEEpwEQEAYV1xEShLBUsFSwVlZXRxEmIu";
const protocol4 =
  "gASVqQAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJh" +
  "eZSTlEsAhZRDAWKUh5RSlChLAUsEhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90" +
  "lGKJXZQoXZQoSwFLAk0sAWVdlF2USnARAQBhXZQoSwVLBUsFZWV0lGIu";

test.each([
  ["3", protocol3],
  ["4, with frames and numpy 2's module name", protocol4],
])("protocol %s is read", (_, base64) => {
  const pickle = new Uint8Array(Buffer.from(base64, "base64"));
  expect(read(pickle)).toEqual([[1, 2, 300], [], [70_000], [5, 5, 5]]);
});

test.each<[string, Uint8Array, string]>([
  ["os.system", bytesOf("\x80\x02cos\nsystem\n."), 'global "os.system"'],
  [
    "a global of the name constructor",
    bytesOf("\x80\x02c\nconstructor\n."),
    'global ".constructor"',
  ],
  [
    "builtins.eval by STACK_GLOBAL",
    bytesOf("\x80\x04\x8c\x08builtins\x8c\x04eval\x93."),
    '"builtins.eval"',
  ],
  ["INST", bytesOf("\x80\x02(ios\nsystem\n."), "opcode 0x69"],
  ["NEWOBJ", bytesOf("\x80\x02cnumpy\nndarray\n)\x81."), "opcode 0x29"],
  ["a dict", bytesOf("\x80\x02}."), "opcode 0x7d"],
  ["a long", bytesOf("\x80\x02\x8a\x01\x05."), "opcode 0x8a"],
  ["protocol 5", bytesOf("\x80\x05N."), "protocol 5"],
  ["protocol 0", bytesOf("(lp0\n."), "got other bytes"],
  ["nothing", new Uint8Array(0), "1 more bytes"],
  ["None", bytesOf("\x80\x02N."), "expected a numpy array of lists, got null"],
  ["a call of ndarray", bytesOf("\x80\x02cnumpy\nndarray\nK\0\x85R."), "got ndarray(0)"],
  ["a call of another dtype", bytesOf("\x80\x02cnumpy\ndtype\nU\x02i8\x85R."), 'got dtype("i8")'],
  ["a call of a number", bytesOf("\x80\x02K\0K\0\x85R."), "a global to call"],
  ["a negative id", pickleOf(1, bytesOf("]](J\xff\xff\xff\xffK\x01ea")), "got -1"],
  ["a lone negative id", pickleOf(1, bytesOf("]]J\xff\xff\xff\xffaa")), "got -1"],
  ["an id above 2^30", pickleOf(1, bytesOf("]](J\x01\0\0\x40K\x01ea")), "got 1073741825"],
  ["a word instead of an id", pickleOf(1, bytesOf("]](K\x01U\x01xea")), 'got "x"'],
  ["an array of integers", pickleOf(2, bytesOf("](K\x01K\x02e")), "an array of integers"],
  ["integers and lists mixed", pickleOf(2, bytesOf("](K\x01]e")), "got a list"],
  ["a list used twice", pickleOf(2, bytesOf("](]q\x09(K\x01K\x02eh\x09e")), "second time"],
  ["a list that holds itself", pickleOf(1, bytesOf("]q\x09h\x09a")), "second time"],
  [
    "a list taken up again",
    pickleOf(2, bytesOf("](]q\x09K\x01a]K\x02ah\x09K\x03a0e")),
    "taken up again",
  ],
  ["a lie about the length", pickleOf(3, bytesOf("](]]e")), "the shape (2,), got 3"],
  ["a memo index never stored", bytesOf("\x80\x02j\xff\xff\xff\xff."), "none under 4294967295"],
  ["a name of 4 GB", bytesOf("\x80\x02X\xff\xff\xff\xffabc"), "got 4294967295"],
  [
    "a frame beyond the end",
    bytesOf("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff."),
    "a frame of",
  ],
  ["bytes behind the end", bytesOf(pickledLists([[1, 2]]), "N"), "1 more bytes"],
  [
    "a stack of 2^16 values",
    bytesOf("\x80\x02", new Uint8Array(70_000).fill(0x4e)),
    "on the stack",
  ],
  ["marks without end", bytesOf("\x80\x02", new Uint8Array(70_000).fill(0x28)), "marks"],
  ["APPENDS without a mark", bytesOf("\x80\x02]e."), "a mark on the stack"],
  ["pop below a mark", bytesOf("\x80\x02](\x85."), "a value on the stack"],
])("%s is refused by name", (_, pickle, message) => {
  expect(() => readPickledLists("x", pickle)).toThrow(DatasetError);
  expect(() => readPickledLists("x", pickle)).toThrow(message);
});

test("2^20 lists are the most", () => {
  const batch = bytesOf("(", new Uint8Array(1000).fill(0x5d), "e");
  const batches = bytesOf("]", ...Array.from({ length: 1060 }, () => batch));
  expect(() => readPickledLists("x", pickleOf(1_060_000, batches))).toThrow(
    "at most 1048576 lists",
  );
});

test("a BINPUT of a huge index takes no memory", () => {
  const lists = bytesOf("]r\xff\xff\xff\xff(](K\x01K\x02e]e");
  expect(read(pickleOf(2, lists))).toEqual([[1, 2], []]);
});

test("a pickle cut anywhere is refused", () => {
  const whole = pickledLists([[1, 2, 300], [], [70_000]]);
  for (let length = 0; length < whole.length; length++)
    expect(() => readPickledLists("x", whole.subarray(0, length))).toThrow(DatasetError);
});

test("whatever is done to a pickle, it is read or refused with this package's error", () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(8),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc
        .constantFrom(..."(]eaqrhjcXUKMJtbR.\x80\x85\x86\x87\x88\x89\x93\x94\x95")
        .map((op) => bytesOf(op)),
    ),
  });
  const lists = fc.array(fc.array(ids, { maxLength: 6 }), { maxLength: 6 });
  const property = fc.property(
    lists,
    fc.array(edit, { minLength: 1, maxLength: 4 }),
    (start, edits) => {
      let pickle: Uint8Array = pickledLists(start);
      for (const { at, cut, put } of edits) {
        const place = Math.floor(at * pickle.length);
        pickle = bytesOf(pickle.subarray(0, place), put, pickle.subarray(place + cut));
      }
      try {
        expect(
          read(pickle)
            .flat()
            .every((id) => id >= 0),
        ).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(DatasetError);
      }
    },
  );
  fc.assert(property, { numRuns: 3000 });
});

test("opcodes in any order are read or refused with this package's error", () => {
  const opcode = fc.constantFrom(
    ...["]", "(", "e", "a", "q\0", "h\0", "K\x01", "M\x01\x01", "J\x01\x01\x01\x01", "t", "b", "R"],
    ...[
      "\x85",
      "\x86",
      "\x87",
      "N",
      "\x88",
      "\x94",
      "cnumpy\nndarray\n",
      "cnumpy\ndtype\n",
      "U\x02O8",
    ],
    "cnumpy.core.multiarray\n_reconstruct\n",
  );
  const property = fc.property(fc.array(opcode, { maxLength: 40 }), (program) => {
    expect(() => readPickledLists("x", bytesOf("\x80\x02", ...program))).toThrow(DatasetError);
  });
  fc.assert(property, { numRuns: 3000 });
});
