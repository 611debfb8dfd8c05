// Where this program runs. Node's own modules come from `process.getBuiltinModule`, never from an
// import: a bundler for the browser has then nothing to resolve.

export interface NodeRuntime {
  readonly version: string;
  /** Bun or Deno, which say which Node they stand in for, too. */
  readonly isStandIn: boolean;
  builtin(name: "node:module"): typeof import("node:module");
  builtin(name: "node:os"): typeof import("node:os");
  builtin(name: "node:fs"): typeof import("node:fs");
  builtin(name: "node:url"): typeof import("node:url");
  builtin(name: "node:path"): typeof import("node:path");
}

interface ProcessLike {
  readonly versions?: { readonly node?: string; readonly bun?: string; readonly deno?: string };
  getBuiltinModule?(name: string): unknown;
}

/** Node, or undefined in a browser or a worker of one. */
export function nodeRuntime(): NodeRuntime | undefined {
  const process = (globalThis as unknown as { process?: ProcessLike }).process;
  const version = process?.versions?.node;
  if (version === undefined || typeof process?.getBuiltinModule !== "function") return undefined;
  const { bun, deno } = process?.versions ?? {};
  const isStandIn = bun !== undefined || deno !== undefined;
  return {
    version,
    isStandIn,
    builtin: (name: string) => process.getBuiltinModule?.(name) as never,
  };
}

// In this order: each later browser's name is also in the earlier ones' user agents.
const browsers: readonly (readonly [string, RegExp])[] = [
  ["Edge", /Edg\/(\d+)/],
  ["Opera", /OPR\/(\d+)/],
  ["Firefox", /Firefox\/(\d+)/],
  ["Chrome", /Chrome\/(\d+)/],
  ["Safari", /Version\/(\d+)\S* Safari/],
];

/** `Node 20.20.2`, `Bun 1.4.5`, `Deno 2.9.6`, `Chrome 142`, ... */
export function runtimeName(): string {
  const { bun, deno } =
    (globalThis as unknown as { process?: ProcessLike }).process?.versions ?? {};
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  const node = nodeRuntime();
  if (node) return `Node ${node.version}`;
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? "";
  for (const [name, pattern] of browsers) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return "unknown runtime";
}
