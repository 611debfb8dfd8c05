// What only other processes can show: two at once, and a full disk. They run this package bundled.
import { execFile, execFileSync } from "node:child_process";
import { rmdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, execPath, getuid, platform } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FileServer, serve, whole } from "./file-server.fixture.ts";
import { RandomState } from "./random-state.ts";
import { tinyImdb, tinyMembers } from "./tiny-imdb.fixture.ts";

const entry = fileURLToPath(new URL("./index.ts", import.meta.url));
// Incompressible ballast makes the file larger than the disks below.
const random = new RandomState(0);
const ballast = Uint8Array.from({ length: 300_000 }, () => random.uint32() & 255);
const { bytes, sha256 } = tinyImdb({ ...tinyMembers(), "ballast.npy": ballast });
let root: string;
let program: string;

const source = `
import { loadData } from "./imdb.js";
const [url, cacheDir] = process.argv.slice(2);
try {
  const { train } = await loadData({ url, cacheDir, sha256: "${sha256}" });
  console.log(JSON.stringify({ count: train.x.length }));
} catch (error) {
  console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message }));
}
`;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "rnnkit-processes-"));
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true },
    build: { ssr: entry, outDir: root, rollupOptions: { output: { entryFileNames: "imdb.js" } } },
  });
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  program = join(root, "load.js");
  await writeFile(program, source);
}, 120_000);

const servers: FileServer[] = [];
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(root, { recursive: true });
});

async function started(...answers: Parameters<typeof serve>): Promise<string> {
  servers.push(await serve(...answers));
  return servers.at(-1)!.url;
}

// biome-ignore lint/suspicious/noExplicitAny: what the program above prints.
function run(file: string, args: string[]): Promise<any> {
  const environment = { ...env, KERAS_HOME: join(root, "keras"), NODE_OPTIONS: "" };
  return new Promise((resolve, reject) =>
    execFile(file, args, { env: environment }, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stderr}`)) : resolve(JSON.parse(stdout)),
    ),
  );
}

test("two processes that download at once both get the file and leave one", async () => {
  const cacheDir = join(root, "both");
  // Nobody is answered before both have asked.
  const waiting: (() => void)[] = [];
  const url = await started((response, request) => {
    waiting.push(() => whole(bytes)(response, request));
    if (waiting.length === 2) for (const answer of waiting) answer();
  });
  const results = await Promise.all([1, 2].map(() => run(execPath, [program, url, cacheDir])));
  expect(results).toEqual([{ count: 12 }, { count: 12 }]);
  expect(await readdir(cacheDir)).toEqual([`${sha256.slice(0, 16)}-imdb.npz`]);
});

test.skipIf(platform === "win32")(
  "a file system that takes only part of the file: an error that says so, no leftovers",
  async () => {
    const cacheDir = join(root, "limited");
    const url = await started(whole(bytes));
    const script = 'ulimit -f 100; exec "$@"';
    const result = await run("sh", ["-c", script, "sh", execPath, program, url, cacheDir]);
    expect(result).toMatchObject({ name: "DatasetError", code: "storage" });
    expect(result.message).toContain("no room for a file of that size (EFBIG)");
    expect(await readdir(cacheDir)).toEqual([]);
    expect(await run(execPath, [program, url, cacheDir])).toEqual({ count: 12 });
  },
);

const mounts: string[] = [];
afterAll(() => {
  for (const folder of mounts) {
    execFileSync("umount", [folder]);
    rmdirSync(folder);
  }
});

async function tinyDisk(): Promise<string | undefined> {
  if (platform !== "linux" || getuid?.() !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "rnnkit-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=100k", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  mounts.push(folder);
  return folder;
}

const disk = await tinyDisk();
const reason = disk ? "" : " (skipped: mounting a small disk needs root on Linux)";

test.skipIf(!disk)(
  `a full disk: an error that says so, no leftovers, and memory helps${reason}`,
  async () => {
    const cacheDir = join(disk!, "cache");
    await mkdir(cacheDir);
    const url = await started(whole(bytes));
    const result = await run(execPath, [program, url, cacheDir]);
    expect(result).toMatchObject({ name: "DatasetError", code: "storage" });
    expect(result.message).toContain("no space left on the device (ENOSPC)");
    expect(result.message).toContain("cacheDir: null");
    expect(await readdir(cacheDir)).toEqual([]);
  },
);
