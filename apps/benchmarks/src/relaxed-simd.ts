import process from "node:process";
import { setFlagsFromString } from "node:v8";

// Node 20's V8 has relaxed SIMD, and with it fused multiply-add, behind a flag that later ones have on.
// It must be set before anything asks what WebAssembly can do; `node --no-experimental-wasm-relaxed-simd`
// leaves it off.
const flag = "experimental-wasm-relaxed-simd";
if (process.versions.v8.startsWith("11.3.") && !process.execArgv.includes(`--no-${flag}`)) {
  setFlagsFromString(`--${flag}`);
}
