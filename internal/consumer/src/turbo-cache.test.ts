// A cached green result must not outlive what it was computed from. turbo says which hash each task
// would have; here one file is touched at a time in a copy of the repository.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packages, readManifest, root } from "./packages.ts";

const tasks = ["build", "typecheck", "test"];
let copy = "";
let before: Map<string, string>;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "rnnkit-turbo-"));
  const left = ["node_modules", "dist", ".turbo", ".git", "reports"];
  cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(basename(path)) });
  before = hashes();
}, 120_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function hashes(): Map<string, string> {
  const turbo = join(root, "node_modules", ".bin", "turbo");
  const json = execFileSync(turbo, ["run", ...tasks, "--dry=json"], {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", CI: "1" },
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 26,
    shell: process.platform === "win32",
  });
  const { tasks: planned } = JSON.parse(json) as { tasks: { taskId: string; hash: string }[] };
  return new Map(planned.map(({ taskId, hash }) => [taskId, hash]));
}

/** The tasks whose hash is another after the file has grown by a line. */
function missesAfterTouching(file: string): Set<string> {
  appendFileSync(join(copy, file), "\n");
  const now = hashes();
  const changed = [...now.keys()].filter((task) => now.get(task) !== before.get(task));
  before = now;
  return new Set(changed);
}

interface Member {
  name: string;
  path: string;
  needs: string[];
}

const members: Member[] = ["packages", "internal", "apps"]
  .flatMap((part) => readdirSync(join(root, part)).map((name) => `${part}/${name}`))
  .concat("examples")
  .filter((path) => existsSync(join(root, path, "package.json")))
  .map((path) => {
    const manifest = readManifest(join(root, path)) as ReturnType<typeof readManifest> & {
      devDependencies?: Record<string, string>;
    };
    const needs = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    return { name: manifest.name, path, needs };
  });

/** Who depends on it, directly or not, itself included. */
function dependents(name: string): Set<string> {
  const found = new Set([name]);
  for (const known of found)
    for (const member of members) if (member.needs.includes(known)) found.add(member.name);
  return found;
}

test.each(members.map(({ name, path }) => ({ name, path })))(
  "a change in $name misses in the tests and types of its dependents, and in no others",
  ({ name, path }) => {
    const missed = missesAfterTouching(`${path}/package.json`);
    const stale = dependents(name);
    for (const member of members)
      for (const task of ["typecheck", "test"]) {
        const id = `${member.name}#${task}`;
        if (before.has(id)) expect(missed.has(id), id).toBe(stale.has(member.name));
      }
  },
);

test("a change in core-rnn's source misses in fused-rnn's tests and types", () => {
  const missed = missesAfterTouching("packages/core-rnn/src/index.ts");
  for (const task of ["core-rnn#build", "fused-rnn#build", "fused-rnn#test", "fused-rnn#typecheck"])
    expect([...missed]).toContain(`@rnnkit/${task}`);
  expect([...missed]).not.toContain("@rnnkit/preprocess#test");
});

test.each(["tsconfig.base.json", "vitest.shared.ts", "internal/test-kit/src/setup.ts"])(
  "a change in %s misses everywhere",
  (file) => {
    const missed = missesAfterTouching(file);
    expect([...before.keys()].filter((id) => !missed.has(id))).toEqual([]);
  },
);

test("a README is no input of a build, and one of the test that runs its snippets", () => {
  const { name, manifest } = packages[0] as (typeof packages)[number];
  const missed = missesAfterTouching(`packages/${name}/README.md`);
  expect(missed.has(`${manifest.name}#build`)).toBe(false);
  expect(missed.has("@rnnkit/consumer#test")).toBe(true);
});
