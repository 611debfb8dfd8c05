// @ts-check
// TypeScript 7, the native compiler: it checks types and writes declarations, five times as fast as 6. What asks the
// compiler's API (typedoc, the package graph, some tests) has 6 beside it, as 7 has no such API yet.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("typescript-native/package.json"));
await import(pathToFileURL(join(folder, "lib", "tsc.js")).href);
