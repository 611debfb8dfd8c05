// Keras's optimizers, each a file of its own.

export { adam, adamw } from "./adam.ts";
export { rmsprop } from "./rmsprop.ts";
export { sgd } from "./sgd.ts";
