// The batches of a dataset, epoch by epoch, as Keras takes them.

import type { Batch, CheckedDataset } from "./dataset-batches.ts";

/** Where the epochs of a training have their batches from. */
export interface BatchSource {
  /** The next batch of an epoch, **isFirst** or not; undefined: the epoch has no more. */
  next(isFirst: boolean): Promise<Batch | undefined>;
  /** Whether the epoch is known to have all of its batches. */
  isWhole(): boolean;
}

/**
 * The batches of a dataset for one epoch after the other. Without **perEpoch** each epoch goes through all of it. With
 * it an epoch takes so many and the next one goes on behind them; where the dataset ends it begins anew, with the next
 * epoch: one that it has cut short is told by **onShort**, with the number of its batches.
 */
export function batchSource(
  dataset: CheckedDataset,
  perEpoch: number | undefined,
  onShort: (count: number) => void,
): BatchSource {
  type Batches = Awaited<ReturnType<CheckedDataset["iterator"]>>;
  let batches: Batches | undefined;
  let taken = 0;
  /** One that comes with the end of its iterator counts. */
  const read = async (): Promise<Batch | undefined> => {
    batches ??= await dataset.iterator();
    const { value, done } = await batches.next();
    if (done || !value) batches = undefined;
    if (value) taken++;
    return value as Batch | undefined;
  };
  return {
    isWhole: () => taken === perEpoch,
    async next(isFirst) {
      if (isFirst) {
        taken = 0;
        if (perEpoch === undefined) batches = undefined;
        const goesOn = batches !== undefined;
        // The epoch before may have taken the last one without knowing.
        return (await read()) ?? (goesOn ? read() : undefined);
      }
      if (taken === perEpoch) return undefined;
      const isOver = batches === undefined;
      const batch = isOver ? undefined : await read();
      if (!batch && perEpoch !== undefined) onShort(taken);
      return batch;
    },
  };
}
