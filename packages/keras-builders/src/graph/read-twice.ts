// tfjs-layers disposes what the layers of a model have all read. It counts readers, but counts down once for
// each time that one reads: what is read twice, as x in multiply([x, x]), is gone before others have read it.

import { engine, scalar, type Tensor } from "@tensorflow/tfjs-core";

/** Spares what stands twice among **inputs** until the scope of the model's call ends. */
export function spareReadTwice(inputs: readonly Tensor[]): void {
  if (!engine().state.activeScope) return;
  for (const x of new Set(inputs.filter((each, i) => inputs.indexOf(each) !== i))) {
    if (Object.hasOwn(x, "dispose")) continue;
    let isDone = false;
    x.dispose = () => {
      isDone = true;
    };
    // The scope disposes it after all that was there before; what it returns it has not asked to go.
    const end = scalar(0);
    const { dispose } = end;
    end.dispose = () => {
      dispose.call(end);
      delete (x as Partial<Tensor>).dispose;
      if (isDone) x.dispose();
    };
  }
}
