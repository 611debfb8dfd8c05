import { afterEach, expect, test, vi } from "vitest";
import { nodeRuntime, runtimeName } from "./runtime.ts";

afterEach(() => vi.unstubAllGlobals());

test("Node tells its version and gives its own modules", () => {
  expect(runtimeName()).toBe(`Node ${process.versions.node}`);
  expect(nodeRuntime()?.builtin("node:path").dirname("/a/b")).toBe("/a");
});

test.each(["Bun", "Deno"])("%s names itself, not the Node that it stands in for", (name) => {
  const versions = { node: "26.3.0", [name.toLowerCase()]: "1.2.3" };
  vi.stubGlobal("process", { ...process, versions });
  expect(runtimeName()).toBe(`${name} 1.2.3`);
});

const linux = "Mozilla/5.0 (X11; Linux x86_64)";
test.each([
  ["Chrome 156", `${linux} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36`],
  [
    "Chrome 142",
    `${linux} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36`,
  ],
  [
    "Edge 142",
    `${linux} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`,
  ],
  ["Firefox 144", `${linux}; rv:144.0) Gecko/20100101 Firefox/144.0`],
  [
    "Safari 26",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  ],
  ["unknown runtime", ""],
])("a page in %s names it", (name, userAgent) => {
  vi.stubGlobal("process", undefined);
  vi.stubGlobal("navigator", { userAgent });
  expect(nodeRuntime()).toBeUndefined();
  expect(runtimeName()).toBe(name);
});
