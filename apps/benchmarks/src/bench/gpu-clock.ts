// How long the device works at what it is given, by its own clock: passes are timed as they are begun.

// Two times a pass; a query set takes 4096.
const mostPasses = 2048;

/**
 * Milliseconds that the passes which **work** begins take on the device by its own clock, pauses between them not
 * counted; null where the device has no clock for it, or there are too many passes. **work** is to resolve when all
 * is done. Runtimes round each time, to 0.1 ms, so many passes must come together for a mean.
 */
export async function busyMs(
  device: GPUDevice,
  work: () => Promise<unknown>,
): Promise<number | null> {
  if (!device.features.has("timestamp-query")) {
    await work();
    return null;
  }
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 * mostPasses });
  let passes = 0;
  try {
    await watchingPasses(device, work, (begin) => (descriptor) => {
      const at = 2 * passes++;
      if (passes > mostPasses) return begin(descriptor);
      const timestampWrites = {
        ...{ querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
      };
      return begin({ ...descriptor, timestampWrites });
    });
    if (passes === 0 || passes > mostPasses) return null;
    const times = await timesOf(device, querySet, 2 * passes);
    let sum = 0n;
    for (let at = 0; at < times.length; at += 2) {
      sum += (times[at + 1] as bigint) - (times[at] as bigint);
    }
    return Number(sum) / 1e6;
  } finally {
    querySet.destroy();
  }
}

/** Nanoseconds. */
async function timesOf(
  device: GPUDevice,
  querySet: GPUQuerySet,
  count: number,
): Promise<BigUint64Array> {
  const size = 8 * count;
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = device.createBuffer({ size, usage });
  const read = device.createBuffer({
    ...{ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST },
  });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(read.getMappedRange().slice(0));
  resolved.destroy();
  read.destroy();
  return times;
}

type BeginPass = (descriptor?: GPUComputePassDescriptor) => GPUComputePassEncoder;

/** Runs **work** while passes of new encoders are begun by what **wrap** makes of their own function. */
async function watchingPasses(
  device: GPUDevice,
  work: () => Promise<unknown>,
  wrap: (begin: BeginPass) => BeginPass,
): Promise<void> {
  const create = device.createCommandEncoder;
  device.createCommandEncoder = (descriptor) => {
    const encoder = create.call(device, descriptor);
    encoder.beginComputePass = wrap(encoder.beginComputePass.bind(encoder));
    return encoder;
  };
  try {
    await work();
  } finally {
    device.createCommandEncoder = create;
  }
}
