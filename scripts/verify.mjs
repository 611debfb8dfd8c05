// @ts-check
// Every gate of the repository, cheapest first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, run, runAlone, runTogether } from "./workspace.mjs";

// Presence of the real data and of browsers decides which tests can run, so all are part of
// turbo's cache key.
const data = process.env.RNNKIT_DATA ?? join(root, "..", "shared", "data");
const chromium = process.env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const firefox = process.env.RNNKIT_FIREFOX ?? "/usr/bin/firefox-esr";
// Debian's Chromium brings a software Vulkan, on which WebGPU runs in Node too.
const vulkan = process.env.VK_DRIVER_FILES || "/usr/lib/chromium/vk_swiftshader_icd.json";
const env = {
  RNNKIT_DATA: existsSync(join(data, "imdb.npz")) ? data : "",
  RNNKIT_CHROMIUM: existsSync(chromium) ? chromium : "",
  RNNKIT_FIREFOX: existsSync(firefox) ? firefox : "",
  VK_DRIVER_FILES: existsSync(vulkan) ? vulkan : "",
};
const say = (/** @type {string} */ text) => console.log(`\n── ${text}`);

say("format and lint");
runAlone("biome check . --error-on-warnings");
say("package graph");
runAlone("node scripts/check-graph.mjs");
say("types of scripts and examples");
runAlone("npm run --silent check:scripts");
say("copies of the rule for options");
runAlone("node scripts/copy-options.mjs --check");
say("build, types, tests, packages");
// Two cores, and a third task for when one waits: for a browser, for Redis, for a file.
run("turbo run build typecheck test lint:package --concurrency=3 --output-logs=new-only", env);
await runTogether({
  "public API": "node scripts/api-reports.mjs --check",
  "licences of what is installed": "node scripts/licences.mjs --check",
  "FEATURES.md against the tests": "node scripts/features.mjs --check",
  "documentation: reference, pages, links": "node scripts/docs.mjs",
  "dead code and dependencies": "knip --treat-config-hints-as-errors",
  "size of single imports": "size-limit",
});
if (!env.RNNKIT_DATA) console.log("\nThe real imdb.npz was not found: its tests were skipped.");
if (!env.VK_DRIVER_FILES)
  console.log("\nNo Vulkan driver was found: the tests of WebGPU in Node were skipped.");
if (!env.RNNKIT_CHROMIUM) console.log("\nChromium was not found: the browser tests were skipped.");
if (!env.RNNKIT_FIREFOX) console.log("\nFirefox was not found: its tests were skipped.");
console.log("\nverified");
