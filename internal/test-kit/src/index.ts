export { type AllcloseOptions, toBeAllclose } from "./allclose.ts";
export { expectNoTensorLeak } from "./leak.ts";
