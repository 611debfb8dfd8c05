import { expect, test } from "vitest";
import { bundle, hasBrowser, open } from "../test/page.ts";
import { all, withCpu } from "../test/selection.ts";

const real = all;

test.runIf(hasBrowser)("a bundled page computes on wasm from the folder it names", async () => {
  const { result, said } = await open(await bundle(real, `{ wasmPaths: "/wasm" }`));
  expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
  expect(result.candidates[0].reason).toBe("not in this runtime: a native addon needs Node");
  expect(result.line).toMatch(/^wasm, SIMD, 1 thread, tfjs 4\.22\.0, \w+ \d+$/);
  expect(result.candidates[2].reason).toMatch(/, on one thread: no SharedArrayBuffer, which a /);
  expect(said).toEqual([]);
});

const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

test.runIf(hasBrowser)("a cross-origin isolated page computes on tfjs's threads", async () => {
  const { result, said, asked } = await open(
    await bundle(real, `{ wasmPaths: "/wasm/" }`, false),
    isolated,
  );
  expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
  expect(result.line).toMatch(/^wasm, SIMD, \d+ threads?, /);
  expect(asked).toContain("/wasm/tfjs-backend-wasm-threaded-simd.wasm");
  expect(said).toEqual([]);
});

test.runIf(hasBrowser)(
  "without SharedArrayBuffer an isolated page computes on one thread, and says so",
  async () => {
    const folder = await bundle(real, `{ wasmPaths: "/wasm/" }`, false);
    const without = { before: "delete globalThis.SharedArrayBuffer" };
    const { result, said, asked } = await open(folder, isolated, without);
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.line).toMatch(/^wasm, SIMD, 1 thread, /);
    expect(result.candidates[2].reason).toMatch(/, on one thread: no SharedArrayBuffer/);
    expect(asked).toContain("/wasm/tfjs-backend-wasm-simd.wasm");
    expect(said).toEqual([]);
  },
);

test.runIf(hasBrowser)(
  "where a policy forbids the workers that tfjs's threads would wait for, one thread is used at once",
  async () => {
    const { result, asked } = await open(await bundle(real, `{ wasmPaths: "/wasm/" }`, false), {
      ...isolated,
      "Content-Security-Policy": "worker-src 'self'",
    });
    expect(result).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.candidates.map(({ reason }: { reason: string }) => reason)).toContain(
      "a matrix product came out right, on one thread: this page's policy forbids workers made of blobs (worker-src blob:)",
    );
    expect(asked).toContain("/wasm/tfjs-backend-wasm-simd.wasm");
  },
);

test.runIf(hasBrowser)("minified, where tfjs's threads hang, one thread is used", async () => {
  const { result, said, asked } = await open(
    await bundle(real, `{ wasmPaths: "/wasm/" }`),
    isolated,
  );
  expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
  expect(result.candidates[2].reason).toContain("does not outlive minification");
  expect(asked).toContain("/wasm/tfjs-backend-wasm-simd.wasm");
  expect(said).toEqual([]);
});

test.runIf(hasBrowser)("a page served instead of the .wasm file means cpu, quietly", async () => {
  const { result, said } = await open(await bundle(real, `{ wasmPaths: "/elsewhere" }`));
  expect(result, said.join("\n")).toMatchObject({ name: "cpu", now: "cpu" });
  expect(result.candidates[2].reason).toBe(
    "missing .wasm file: /elsewhere/tfjs-backend-wasm-simd.wasm is an HTML page",
  );
  expect(said).toEqual([]);
});

test.runIf(hasBrowser)(
  "after calls that did not find the file, one that names the folder computes on wasm",
  async () => {
    const before = `window.first = await selectBackend();
      window.second = await selectBackend({ wasmPaths: "/elsewhere" });`;
    const options = `{ wasmPaths: "/wasm" }).then((s) => ({ ...s, before: [first, second] })`;
    const { result, said } = await open(await bundle(real, options, true, before));
    expect(result, said.join("\n")).toMatchObject({ name: "wasm", now: "wasm" });
    expect(result.before.map(({ name }: { name: string }) => name)).toEqual(["cpu", "cpu"]);
    expect(result.before[0].candidates[2].reason).toMatch(
      /^missing .wasm file: \S*tfjs-backend-wasm-simd.wasm is an HTML page$/,
    );
    expect(said).toEqual([]);
  },
);

test.runIf(hasBrowser)("a policy that forbids WebAssembly means cpu, and is named", async () => {
  const policy = { "Content-Security-Policy": "script-src 'self'" };
  const later = "await new Promise((resolve) => setTimeout(resolve, 500));";
  const folder = await bundle(real, `{ wasmPaths: "/wasm" }`, true, later);
  const { result } = await open(folder, policy);
  expect(result).toMatchObject({ name: "cpu", now: "cpu" });
  expect(result.candidates[2].reason).toMatch(
    /^WebAssembly missing: this runtime forbids compiling it .* script-src 'wasm-unsafe-eval'$/,
  );
});

test.runIf(hasBrowser)("a page bundled without the wasm package computes on cpu", async () => {
  const { result, said } = await open(await bundle(withCpu, ""));
  expect(result, said.join("\n")).toMatchObject({ name: "cpu", now: "cpu" });
  expect(result.candidates[2].reason).toBe("not installed: @tensorflow/tfjs-backend-wasm");
  expect(said).toEqual([]);
});
