import { setFlagsFromString } from "node:v8";
import { relaxedSimdFlags } from "./relaxed-simd-flag.ts";

// It must be set before anything asks what WebAssembly can do; `node --no-experimental-wasm-relaxed-simd`
// leaves it off.
for (const flag of relaxedSimdFlags) setFlagsFromString(flag);
