/** Where a training stands: what `progress` draws. */
export interface TrainingProgress {
  /** From 1. */
  epoch: number;
  epochs: number;
  /** Batches of this epoch that are done. */
  step: number;
  /** Batches of an epoch; null in the first epoch of a dataset that does not know its size. */
  steps: number | null;
  /** Since the epoch began. */
  seconds: number;
  /** Mean of this epoch, without its first step once there is a second, as Keras has it. */
  secondsPerStep: number;
  /** To the end of this epoch, at that speed; null while **steps** is. */
  secondsLeft: number | null;
  /** To the end of the last epoch; null while **steps** is. */
  secondsToEnd: number | null;
  /**
   * Loss and metrics by tfjs-layers' names: running means over the examples of the epoch so far; at its end what
   * `fit` reports, `val_loss` and the like among them.
   */
  values: Readonly<Record<string, number>>;
  /** True for the last drawing of an epoch. */
  isEpochEnd: boolean;
}
