// Keras's optimizers, each a file of its own.

export { type AdamOptions, type AdamwOptions, adam, adamw } from "./adam.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
