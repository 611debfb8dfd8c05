import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  broken,
  type FileServer,
  serve,
  slow,
  stalled,
  status,
  whole,
  wholeOnly,
} from "./file-server.fixture.ts";
import { DatasetError, type LoadDataOptions, loadData, type Progress } from "./index.ts";
import { tinyImdb, tinyTrain } from "./tiny-imdb.fixture.ts";

const { bytes, sha256 } = tinyImdb();
const other = bytes.map((byte) => byte ^ 1);
const half = bytes.length >> 1;
const servers: FileServer[] = [];
let root: string;
let cacheDir: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "rnnkit-imdb-"));
  cacheDir = join(root, "cache");
  env.KERAS_HOME = join(root, "keras");
});
afterEach(async () => {
  delete env.KERAS_HOME;
  await Promise.all(servers.splice(0).map((server) => server.close()));
  await rm(root, { recursive: true });
});

async function started(...answers: Parameters<typeof serve>): Promise<FileServer> {
  servers.push(await serve(...answers));
  return servers.at(-1)!;
}
const load = (server: FileServer, more: LoadDataOptions = {}) =>
  loadData({ url: server.url, sha256, cacheDir, ...more });
const cached = () => readdir(cacheDir).catch(() => []);
const failure = async (attempt: Promise<unknown>): Promise<DatasetError> => {
  const error = await attempt.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(DatasetError);
  return error;
};

test("a download is reported, verified, cached, and then not repeated", async () => {
  const server = await started(whole(bytes));
  const progress: Progress[] = [];
  const { train, test } = await load(server, { onProgress: (now) => progress.push(now) });
  expect(progress.at(-1)).toEqual({ loaded: bytes.length, total: bytes.length });
  expect(train.x.length + test.x.length).toBe(24);
  const key = `${sha256.slice(0, 16)}-imdb.npz`;
  expect(await cached()).toEqual([key]);
  expect(Buffer.compare(await readFile(join(cacheDir, key)), bytes)).toBe(0);
  expect((await load(server)).train).toEqual(train);
  expect(server.ranges).toEqual([""]);
});

test("cacheDir: null keeps the file in memory", async () => {
  const server = await started(whole(bytes), status(500));
  await load(server, { cacheDir: null });
  await load(server, { cacheDir: null });
  expect(server.ranges).toEqual([""]);
  expect(await cached()).toEqual([]);
});

test("a broken transfer goes on where it stopped", async () => {
  const server = await started(broken(bytes, half), whole(bytes));
  const progress: number[] = [];
  const { train } = await load(server, { onProgress: ({ loaded }) => progress.push(loaded) });
  expect(server.ranges).toEqual(["", `bytes=${half}-`]);
  expect(progress.every((loaded, i) => i === 0 || loaded > progress[i - 1]!)).toBe(true);
  expect(train.x.length).toBe(12);
});

test("a transfer that stands still is broken: it goes on where it stopped, or fails after four", async () => {
  const server = await started(stalled(bytes, half), whole(bytes));
  const { train } = await load(server, { stallTimeout: 200 });
  expect(server.ranges).toEqual(["", `bytes=${half}-`]);
  expect(train.x.length).toBe(12);

  const silent = await started(() => {});
  const error = await failure(load(silent, { stallTimeout: 50, cacheDir: join(root, "another") }));
  expect([error.code, silent.ranges.length]).toEqual(["transfer", 4]);
  expect(error.message).toMatch(/got 0 bytes and then: nothing for 50 ms \(stallTimeout\)$/);
});

test("a transfer that is slow is not one that stands still", async () => {
  const server = await started(slow(bytes, 25, 100));
  const { train } = await load(server, { stallTimeout: 2000 });
  expect(server.ranges).toEqual([""]);
  expect(train.x.length).toBe(12);
});

test("a server that knows no Range is asked for everything again", async () => {
  const server = await started(broken(bytes, half), wholeOnly(bytes));
  await load(server);
  expect(server.ranges).toEqual(["", `bytes=${half}-`]);
});

test("a file that changed between two pieces is fetched once more as a whole", async () => {
  const server = await started(broken(other, half), whole(bytes));
  await load(server);
  expect(server.ranges).toEqual(["", `bytes=${half}-`, ""]);
  expect(await cached()).toHaveLength(1);
});

test("a range beyond the end, as of a file grown shorter, starts anew", async () => {
  const short = await started(broken(new Uint8Array(2 * bytes.length), bytes.length), whole(bytes));
  await load(short);
  expect(short.ranges).toEqual(["", `bytes=${bytes.length}-`, ""]);
});

test("a wrong hash is an error, nothing is kept, and the next call works", async () => {
  const server = await started(whole(other), whole(bytes));
  const error = await failure(load(server));
  expect(error.code).toBe("hash");
  expect(error.message).toContain(`loadData: expected sha256 ${sha256}`);
  expect(await cached()).toEqual([]);
  expect((await load(server)).train.x.length).toBe(12);
});

test("a file truncated on the server is an error and nothing is kept", async () => {
  const server = await started(whole(bytes.subarray(0, half)));
  expect((await failure(load(server))).code).toBe("hash");
  expect(await cached()).toEqual([]);
});

test("a refusal is final, an overloaded server is asked again, a dead one not for ever", async () => {
  const missing = await started(status(404));
  expect((await failure(load(missing))).message).toContain("got HTTP status 404");
  expect(missing.ranges).toHaveLength(1);
  const overloaded = await started(status(503), status(429), whole(bytes));
  await load(overloaded);
  const dead = await started(broken(bytes, 0));
  const error = await failure(load(dead, { cacheDir: join(root, "another") }));
  expect([error.code, dead.ranges.length]).toEqual(["transfer", 4]);
  expect(await cached()).toHaveLength(1);
});

test("more than the limit is refused by its announced length, and the connection closed", async () => {
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const server = await started((response) => {
    response.on("close", closed);
    response.writeHead(200, { "content-length": 2 ** 30 }).flushHeaders();
  });
  expect((await failure(load(server))).message).toContain("at most 268435456 bytes");
  await isClosed;
});

test("a content encoding is undone", async () => {
  const packed = gzipSync(bytes);
  const server = await started((response) =>
    response
      .writeHead(200, { "content-encoding": "gzip", "content-length": packed.length })
      .end(packed),
  );
  expect((await load(server)).train.x.length).toBe(12);
});

test("an abort on the way rejects with its reason and leaves nothing", async () => {
  const server = await started((response) => {
    response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, half));
  }, whole(bytes));
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const attempt = load(server, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  await expect(attempt).rejects.toBe(reason);
  expect(await cached()).toEqual([]);
  await expect(load(server, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.ranges).toHaveLength(1);
  expect((await load(server)).train.x.length).toBe(12);
});

test("an abort between two attempts does not wait for the next", async () => {
  const controller = new AbortController();
  const server = await started((response) => {
    response.writeHead(503).end();
    setTimeout(() => controller.abort(), 20);
  });
  await expect(load(server, { signal: controller.signal })).rejects.toThrow("aborted");
  expect(server.ranges).toHaveLength(1);
});

test("what onProgress throws is thrown, and nothing is kept", async () => {
  const server = await started(whole(bytes));
  const reason = new Error("no more room on the line");
  const onProgress = () => {
    throw reason;
  };
  await expect(load(server, { onProgress })).rejects.toBe(reason);
  expect(await cached()).toEqual([]);
});

test("a cached file gone bad is removed and fetched anew", async () => {
  const server = await started(whole(bytes));
  await load(server);
  const file = join(cacheDir, (await cached())[0]!);
  await writeFile(file, bytes.subarray(0, half));
  await load(server);
  expect(server.ranges).toEqual(["", ""]);
  expect(Buffer.compare(await readFile(file), bytes)).toBe(0);
});

test("Keras's own copy is used when it is the right file, and never touched when not", async () => {
  const server = await started(whole(bytes));
  const folder = join(root, "keras", "datasets");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "imdb.npz"), bytes);
  await load(server);
  expect([server.ranges, await cached()]).toEqual([[], []]);
  await writeFile(join(folder, "imdb.npz"), "not a zip");
  await load(server);
  expect(server.ranges).toEqual([""]);
  expect(await readFile(join(folder, "imdb.npz"), "utf8")).toBe("not a zip");
});

test("path reads a verified file, by name or file: URL; sha256: null reads any", async () => {
  const path = join(root, "mine.npz");
  await writeFile(path, bytes);
  for (const named of [path, pathToFileURL(path)])
    expect((await loadData({ path: named, sha256 })).train.x.length).toBe(12);
  const error = await failure(loadData({ path }));
  expect([error.code, (await readFile(path)).length]).toEqual(["hash", bytes.length]);
  expect((await loadData({ path, sha256: null })).test.x.length).toBe(12);
  expect((await failure(loadData({ path: join(root, "none.npz") }))).code).toBe("storage");
  await writeFile(path, "plainly no zip");
  expect((await failure(loadData({ path, sha256: null }))).code).toBe("format");
});

test("sha256: null with a url caches nothing and takes a broken transfer from the start", async () => {
  const server = await started(broken(bytes, half), whole(bytes));
  await load(server, { sha256: null });
  expect([server.ranges, await cached()]).toEqual([["", ""], []]);
});

test("a cache that cannot be written is an error before anything is fetched", async () => {
  const server = await started(whole(bytes));
  await writeFile(join(root, "file"), "");
  const error = await failure(load(server, { cacheDir: join(root, "file", "cache") }));
  expect([error.code, server.ranges]).toEqual(["storage", []]);
});

test("the options act as in Keras on a file small enough to check by hand", async () => {
  const path = join(root, "tiny.npz");
  await writeFile(path, bytes);
  const base = { path, sha256 };
  const plain = await loadData({ ...base, startChar: null, indexFrom: 0, numWords: 1000 });
  const rows = plain.train.x.toArrays();
  expect(rows.map((row) => JSON.stringify(row)).sort()).toEqual(
    tinyTrain.map((row) => JSON.stringify(row)).sort(),
  );
  plain.train.y.forEach((label, i) => {
    expect(label).toBe(Number(rows[i]!.length - 2 < 6));
  });
  const shifted = (await loadData({ ...base, numWords: 1000 })).train.x.toArrays();
  expect(shifted).toEqual(rows.map((row) => [1, ...row.map((id) => id + 3)]));
  const kept = await loadData({ ...base, numWords: 1000, maxLen: 6 });
  expect(kept.train.x.toArrays()).toEqual(shifted.filter((row) => row.length < 6));
  const cut = await loadData({ ...base, numWords: 200, skipTop: 100, oovChar: 2 });
  const inside = (id: number) => id >= 100 && id < 200;
  expect(cut.train.x.toArrays()).toEqual(
    shifted.map((row) => row.map((id) => (inside(id) ? id : 2))),
  );
  const dropped = await loadData({ ...base, numWords: 200, skipTop: 100, oovChar: null });
  expect(dropped.train.x.toArrays()).toEqual(shifted.map((row) => row.filter(inside)));
  // Without numWords, the largest id of both halves is replaced all the same.
  const most = Math.max(...[...tinyTrain.flat()]) + 1 + 3;
  const whole = await loadData(base);
  expect(whole.train.x.toArrays()).toEqual(shifted);
  expect(whole.test.x.values.includes(most)).toBe(false);
  expect(whole.test.x.values.includes(2)).toBe(true);
});

test.each<[object, string]>([
  [{ numWords: 0 }, "numWords to be an integer of 1"],
  [{ numWords: 10.5 }, "got 10.5"],
  [{ numWords: "many" }, 'got "many"'],
  [{ skipTop: -1 }, "skipTop"],
  [{ skipTop: null }, "got null"],
  [{ maxLen: 0 }, "maxLen"],
  [{ seed: -1 }, "seed to be an integer of 0 to 4294967295, got -1"],
  [{ seed: 2 ** 32 }, "seed"],
  [{ startChar: -1 }, "startChar"],
  [{ oovChar: Number.NaN }, "oovChar"],
  [{ indexFrom: 2 ** 30 }, "indexFrom"],
  [
    { num_words: 10 },
    "expected options numWords, skipTop, maxLen, ..., got num_words; did you mean numWords?",
  ],
  [{ path: 3, url: undefined }, "path to be a file's name"],
  [{ path: "a", url: "https://b.example" }, "either path or url"],
  [{ url: "ftp://b.example/c" }, "http or https"],
  [{ url: "imdb.npz" }, "http or https"],
  [{ sha256: "abc" }, "64 hex digits"],
  [{ sha256: null, url: undefined }, "path or url beside sha256: null"],
  [{ cacheDir: "" }, "cacheDir"],
  [{ onProgress: true }, "onProgress"],
  [{ signal: {} }, "AbortSignal"],
  [{ stallTimeout: Number.NaN }, "stallTimeout to be a number of milliseconds above 0, got NaN"],
  [{ stallTimeout: 0 }, "stallTimeout to be a number of milliseconds above 0, got 0"],
])("%j is refused before any work", async (options, message) => {
  const server = await started(whole(bytes));
  const error = await failure(loadData({ url: server.url, sha256, cacheDir, ...options }));
  expect(error.code).toBe("option");
  expect(error.message).toContain("loadData: expected ");
  expect(error.message).toContain(message);
  expect([server.ranges, await cached()]).toEqual([[], []]);
});

test("options that are none are refused", async () => {
  expect((await failure(loadData(null as never))).message).toContain("got null");
  expect((await failure(loadData("imdb" as never))).message).toContain('got "imdb"');
});

test("a file that somebody picked, and bytes in any shape, are read and verified without a network", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const url = URL.createObjectURL(new Blob([bytes]));
  const expected = await loadData({ file: bytes, sha256 });
  expect(expected.train.x.length + expected.test.x.length).toBe(24);
  const others: LoadDataOptions[] = [
    { file: new File([bytes], "imdb.npz") },
    { file: new Blob([bytes]) },
    { file: Uint8Array.from(bytes).buffer },
    { file: shared.buffer },
    { file: shared },
    { file: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) },
    { file: vm.runInNewContext("Uint8Array.from(bytes).buffer", { bytes }) },
    { url, cacheDir: null },
  ];
  for (const source of others) expect(await loadData({ ...source, sha256 })).toEqual(expected);
  const elsewhere = new File([other], "mine.npz");
  const { code, message } = await failure(loadData({ file: elsewhere, sha256 }));
  expect(code).toBe("hash");
  expect(message).toContain(`of mine.npz, got`);
  expect(await loadData({ file: bytes, sha256: null })).toEqual(expected);
  expect(await cached()).toEqual([]);
});

test.each([
  [{ file: "imdb.npz" }, 'file to be a File, Blob, ArrayBuffer or Uint8Array, got "imdb.npz"'],
  [{ file: [1, 2] }, "got [1, 2]"],
  [{ file: null }, "got null"],
  [{ file: new Uint8Array(1), path: "a" }, "either path or url or file, got path and file"],
  [{ file: new Blob([]), url: "https://a.example" }, "got file and url"],
])("%j in the place of one file is refused", async (options, message) => {
  const { code, message: got } = await failure(loadData(options as never));
  expect(code).toBe("option");
  expect(got).toContain(message);
});

test("a file that is larger than any imdb.npz, or cannot be read, is an error of ours", async () => {
  const large = { size: 2 ** 40, [Symbol.toStringTag]: "Blob" };
  expect((await failure(loadData({ file: large as never }))).message).toContain(
    "at most 268435456 bytes",
  );
  const gone = new Blob([bytes]);
  gone.arrayBuffer = () => Promise.reject(new Error("it was removed"));
  const { code, message } = await failure(loadData({ file: gone }));
  expect([code, message]).toEqual([
    "storage",
    "loadData: expected to read file, got it was removed",
  ]);
});
