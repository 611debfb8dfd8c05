/** How many dispatches of compute programs a step asks WebGPU for until it has resolved. */
export async function countDispatches(step: () => Promise<unknown>): Promise<number> {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  let count = 0;
  prototype.dispatchWorkgroups = function (this: GPUComputePassEncoder, ...groups) {
    count++;
    return dispatchWorkgroups.apply(this, groups);
  };
  try {
    await step();
  } finally {
    prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
  return count;
}
