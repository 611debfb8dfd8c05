// What a step dispatches on WebGPU: the CPU's talk with the device, which at the tutorial's sizes costs more than the
// work.

/** The labels of the programs that were dispatched, in order; tfjs labels its own by their shader. */
export type Dispatches = readonly string[];

type Pass = GPUComputePassEncoder;

/** Runs a step and lists what it dispatches until it returns. */
export async function dispatchesOf(step: () => unknown): Promise<Dispatches> {
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
