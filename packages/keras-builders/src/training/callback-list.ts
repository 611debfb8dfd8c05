// The callbacks of a `fit` in tfjs-layers' order: its own logger, those that a program has registered for the
// verbosity, the caller's, the history.

import type { Scalar } from "@tensorflow/tfjs-core";
import { CallbackList, type History } from "@tensorflow/tfjs-layers";

/** Logs of a batch or an epoch, as callbacks get them: numbers, or tensors where tfjs worked them out. */
export type LogValues = Record<string, number | Scalar>;

/** Thrown where tfjs-layers would go on to train. */
class Made {
  readonly list: CallbackList;
  constructor(list: CallbackList) {
    this.list = list;
  }
}

/**
 * The list that tfjs-layers' own **fitLoop** makes of its arguments, which nothing else tells: it is stopped once it
 * hands the list the model, before any callback is called.
 *
 * @throws what it refuses
 */
export async function callbackListOf(
  model: object,
  fitLoop: () => Promise<unknown>,
): Promise<{ list: CallbackList; history: History }> {
  const { prototype } = CallbackList;
  const { setModel } = prototype;
  let running: Promise<unknown>;
  prototype.setModel = function (this: CallbackList) {
    throw new Made(this);
  };
  try {
    // It gets there before it waits for anything.
    running = fitLoop();
  } finally {
    prototype.setModel = setModel;
  }
  try {
    await running;
  } catch (error) {
    if (!(error instanceof Made)) throw error;
    const { list } = error;
    list.setModel(model as never);
    return { list, history: list.callbacks.at(-1) as unknown as History };
  }
  throw new Error("fit: expected tfjs-layers' fitLoop to make a list of callbacks, got none");
}
