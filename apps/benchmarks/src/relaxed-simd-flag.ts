import process from "node:process";

// Node 20's V8 has relaxed SIMD, and with it fused multiply-add, behind a flag that later ones have on.
const flag = "experimental-wasm-relaxed-simd";

/** What Node must be told so that WebAssembly has fused multiply-add, or has not where this process is told so. */
export const relaxedSimdFlags: readonly string[] = process.execArgv.includes(`--no-${flag}`)
  ? [`--no-${flag}`]
  : process.versions.v8.startsWith("11.3.")
    ? [`--${flag}`]
    : [];
