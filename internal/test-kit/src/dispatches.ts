// Dispatches of compute programs on WebGPU: what tells how much of a step is the CPU's talk with the device.

/** The labels of the programs that were dispatched, in order; tfjs labels its own by their shader. */
export type Dispatches = readonly string[];

type Pass = GPUComputePassEncoder;

/**
 * Runs a step and lists what it dispatches. What it asks for and does not await itself is counted too, until it returns.
 *
 * @example
 * const { length } = await countDispatches(() => model.trainOnBatch(x, y));
 */
export async function countDispatches(step: () => unknown): Promise<Dispatches> {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups, setPipeline } = prototype;
  const labels: string[] = [];
  const pipelines = new WeakMap<Pass, GPUComputePipeline>();
  prototype.setPipeline = function (this: Pass, pipeline) {
    pipelines.set(this, pipeline);
    return setPipeline.call(this, pipeline);
  };
  prototype.dispatchWorkgroups = function (this: Pass, ...groups) {
    labels.push(pipelines.get(this)?.label ?? "");
    return dispatchWorkgroups.apply(this, groups);
  };
  try {
    await step();
  } finally {
    Object.assign(prototype, { dispatchWorkgroups, setPipeline });
  }
  return labels;
}
