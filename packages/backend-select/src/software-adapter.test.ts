import { expect, test } from "vitest";
import { adapterName, softwareAdapter } from "./software-adapter.ts";

const none = { vendor: "", architecture: "", device: "", description: "" };
const adapter = (info: object, rest: object = {}) =>
  ({ info: { ...none, ...info }, ...rest }) as never;

test.each([
  ["SwiftShader", { vendor: "google", architecture: "swiftshader", isFallbackAdapter: true }],
  ["SwiftShader", { description: "SwiftShader Device (Subzero)" }],
  ["lavapipe", { vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" }],
  ["Microsoft Basic Render Driver", { description: "Microsoft Basic Render Driver" }],
  ["an unnamed adapter", { isFallbackAdapter: true }],
])("%s is software: %j", (name, info) => {
  expect(softwareAdapter(adapter(info))).toBe(name);
});

test.each([
  {
    vendor: "nvidia",
    architecture: "hopper",
    description: "NVIDIA H200",
    isFallbackAdapter: false,
  },
  { vendor: "apple", architecture: "metal-3" },
  { vendor: "intel", architecture: "gen-12lp" },
  { vendor: "amd", description: "Radeon RX 7900 (RADV NAVI31)" },
  {},
])("%j is a GPU", (info) => {
  expect(softwareAdapter(adapter(info))).toBeUndefined();
});

test("a browser from before info says it of the adapter itself", () => {
  expect(softwareAdapter(adapter({ vendor: "x" }, { isFallbackAdapter: true }))).toBe("x");
  expect(softwareAdapter({ isFallbackAdapter: true } as never)).toBe("an unnamed adapter");
});

test("an adapter is named by its description, else by vendor and architecture", () => {
  expect(adapterName({ ...none, vendor: "nvidia", description: "NVIDIA H200" })).toBe(
    "NVIDIA H200",
  );
  expect(adapterName({ ...none, vendor: "apple", architecture: "metal-3" })).toBe("apple metal-3");
});
