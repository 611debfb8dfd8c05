// Watches one training step of a model that goes layer by layer: which layer is at work, forwards and backwards.
// tfjs calls the gradient of an operation that a layer ran when it goes back; a gradient is told by who ran its
// operation. All is put back afterwards.

import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import type { StepPhase, TimelineBar } from "../charts/timeline-chart.ts";

type Gradients = Record<string, () => tf.Tensor>;

interface TapeNode {
  gradient?: (dys: tf.Tensor[]) => Gradients;
}

type Method = (...args: unknown[]) => unknown;

interface Stretch {
  name: string;
  phase: StepPhase;
  start: number;
  end: number;
  kernels: Map<string, number>;
}

/** Milliseconds of **step**, a training step of **model**, and of its stretches in order. */
export async function watchStep(
  model: Sequential,
  step: () => Promise<unknown>,
): Promise<{ totalMs: number; bars: TimelineBar[] }> {
  const watch = stopwatch();
  const restore = [
    ...model.layers.map((layer) => watchLayer(layer, watch)),
    watchOptimizer(model, watch),
    ...watchEngine(watch),
  ];
  const startedAt = performance.now();
  let totalMs: number;
  try {
    await step();
    totalMs = performance.now() - startedAt;
  } finally {
    for (const back of restore.reverse()) back();
  }
  const bars = watch.stretches.map(({ name, phase, start, end, kernels }) => ({
    ...{ name, phase, startMs: start - startedAt, endMs: end - startedAt },
    kernels: [...kernels]
      .filter(([kernel]) => !views.has(kernel))
      .map(([kernel, times]) => ({ name: kernel, times }))
      .sort((a, b) => b.times - a.times),
  }));
  return { totalMs, bars };
}

/** How many operations of tfjs **work** runs, views among them. */
export async function operationsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const back = replaced(tf.engine(), "runKernel", (runKernel) => (...args) => {
    count++;
    return runKernel(...args);
  });
  try {
    await work();
  } finally {
    back();
  }
  return count;
}

/** Kernels that compute nothing. */
const views: ReadonlySet<string> = new Set(["Identity", "Reshape"]);

interface Stopwatch {
  stretches: Stretch[];
  /** The stretch that runs now. */
  open: Stretch | undefined;
  /** The layer that runs forwards now. */
  layer: string | undefined;
  /** Runs **work** as a stretch, as more of the last one where that is alike, or as part of the one that runs. */
  within<T>(name: string, phase: StepPhase, work: () => T): T;
}

function stopwatch(): Stopwatch {
  const stretches: Stretch[] = [];
  return {
    stretches,
    open: undefined,
    layer: undefined,
    within(name, phase, work) {
      if (this.open) return work();
      let stretch = stretches.at(-1);
      if (stretch?.name !== name || stretch.phase !== phase) {
        stretch = { name, phase, start: performance.now(), end: 0, kernels: new Map() };
        stretches.push(stretch);
      }
      this.open = stretch;
      try {
        return work();
      } finally {
        stretch.end = performance.now();
        this.open = undefined;
      }
    },
  };
}

function watchLayer(layer: Sequential["layers"][number], watch: Stopwatch): () => void {
  return replaced(layer, "call", (call) => (...args) => {
    watch.layer = layer.name;
    try {
      return watch.within(layer.name, "forward", () => call(...args));
    } finally {
      watch.layer = undefined;
    }
  });
}

function watchOptimizer(model: Sequential, watch: Stopwatch): () => void {
  const { optimizer } = model as unknown as { optimizer: object };
  const { className, name } = optimizer.constructor as { className?: string; name: string };
  return replaced(
    optimizer,
    "applyGradients",
    (apply) =>
      (...args) =>
        watch.within(className ?? name, "optimizer", () => apply(...args)),
  );
}

function watchEngine(watch: Stopwatch): (() => void)[] {
  const engine = tf.engine() as unknown as { state: { activeTape: TapeNode[] | null } };
  const kernels = replaced(engine, "runKernel", (runKernel) => (...args) => {
    const run = () => {
      const name = String(args[0]);
      watch.open?.kernels.set(name, (watch.open.kernels.get(name) ?? 0) + 1);
      return runKernel(...args);
    };
    // Behind the last layer and before the way back there is the loss.
    const isLoss = !watch.open && watch.stretches.length > 0 && engine.state.activeTape !== null;
    return isLoss ? watch.within("loss", "loss", run) : run();
  });
  const tape = replaced(engine, "addTapeNode", (addTapeNode) => (...args) => {
    addTapeNode(...args);
    const node = engine.state.activeTape?.at(-1);
    const gradient = node?.gradient;
    if (!node || !gradient) return;
    const { layer } = watch;
    const within = <T>(work: () => T) =>
      layer === undefined
        ? watch.within("loss", "loss", work)
        : watch.within(layer, "backward", work);
    node.gradient = (dys) => {
      const gradients = Object.entries(within(() => gradient(dys)));
      return Object.fromEntries(gradients.map(([input, make]) => [input, () => within(make)]));
    };
  });
  return [kernels, tape];
}

/** Puts another method in the place of one; what is returned puts it back. */
function replaced(owner: object, key: string, by: (original: Method) => Method): () => void {
  const methods = owner as Record<string, Method>;
  const own = Object.getOwnPropertyDescriptor(owner, key);
  methods[key] = by((methods[key] as Method).bind(owner));
  return () => {
    if (own) Object.defineProperty(owner, key, own);
    else delete methods[key];
  };
}
