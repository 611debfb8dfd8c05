import type { Axes, Comparison, Heat, TrainedRun, Variant } from "./schema.ts";

/** The least that is done or not: one heat, or one variant trained from one seed. */
export type Job =
  | { kind: "heat"; key: string; variants: Variant[] }
  | { kind: "run"; key: string; variant: Variant; seed: number };

/** `single/lstm/fused/wasm/2`; the same for the same variant in every comparison. */
export function variantKey({ model, cell, implementation, backend, threads }: Variant): string {
  const parts = [model, cell, implementation, backend];
  return (threads === null ? parts : [...parts, threads]).join("/");
}

/** All that **axes** span, heats first: they show what is wrong before anything is trained. */
export function jobsOf(axes: Axes): Job[] {
  const heats = axes.models.flatMap((model) =>
    axes.cells.map((cell) => ({
      kind: "heat" as const,
      key: `${model}/${cell}`,
      variants: variantsOf(axes, { model, cell }),
    })),
  );
  const runs = heats.flatMap(({ variants }) =>
    variants.flatMap((variant) =>
      axes.seeds.map((seed) => ({
        kind: "run" as const,
        key: `${variantKey(variant)}/seed-${seed}`,
        variant,
        seed,
      })),
    ),
  );
  return [...heats, ...runs];
}

/** The jobs that a file was asked for, each once, in the order of its axes. */
export function jobsAsked({ axes, asked = [axes] }: Pick<Comparison, "axes" | "asked">): Job[] {
  const keys = new Set(
    asked
      .flatMap(jobsOf)
      .flatMap((job) => (job.kind === "run" ? job.key : job.variants.map(variantKey))),
  );
  return jobsOf(axes).flatMap((job) => {
    if (job.kind === "run") return keys.has(job.key) ? job : [];
    const variants = job.variants.filter((variant) => keys.has(variantKey(variant)));
    return variants.length > 0 ? { ...job, variants } : [];
  });
}

/**
 * The jobs of **axes** in a file that may have others: a heat that is timed again takes the place of the one before, so
 * it has the lanes of both.
 */
export function jobsBeside(axes: Axes, file: Pick<Comparison, "axes" | "heats">): Job[] {
  const all = jobsOf(joinAxes(file.axes, axes));
  return jobsOf(axes).map((job) => {
    const { lanes = [] } = file.heats.find(({ key }) => key === job.key) ?? {};
    const whole = all.find(({ key }) => key === job.key);
    if (job.kind === "run" || lanes.length === 0 || whole?.kind !== "heat") return job;
    const keys = new Set([...job.variants.map(variantKey), ...lanes.map(({ key }) => key)]);
    return { ...job, variants: whole.variants.filter((variant) => keys.has(variantKey(variant))) };
  });
}

/**
 * The jobs whose results **comparison** lacks. A heat that lacks a lane is run again, whole: times of two heats are not
 * to be divided by each other. With **retry**, so is what was not measured.
 */
export function missingJobs(
  jobs: readonly Job[],
  { heats, runs }: Pick<Comparison, "heats" | "runs">,
  retry = false,
): Job[] {
  const stays = ({ outcome }: TrainedRun | Heat["lanes"][number]) =>
    outcome === "measured" || !retry;
  return jobs.filter((job) => {
    if (job.kind === "run") return !runs.some((run) => run.key === job.key && stays(run));
    const heat = heats.find(({ key }) => key === job.key);
    return !job.variants.every((variant) =>
      heat?.lanes.some((lane) => lane.key === variantKey(variant) && stays(lane)),
    );
  });
}

/** What both span, in the order of the first. */
export function joinAxes(first: Axes, second: Axes): Axes {
  const both = <T>(of: (axes: Axes) => T[]): T[] => [...new Set([...of(first), ...of(second)])];
  return {
    models: both(({ models }) => models),
    cells: both(({ cells }) => cells),
    implementations: both(({ implementations }) => implementations),
    backends: both(({ backends }) => backends),
    threads: both(({ threads }) => threads),
    seeds: both(({ seeds }) => seeds),
  };
}

/** What was **asked** for with one request more, without those that another contains. */
export function withRequest(asked: readonly Axes[], axes: Axes): Axes[] {
  if (asked.some((one) => contains(one, axes))) return [...asked];
  return [...asked.filter((one) => !contains(axes, one)), axes];
}

function contains(whole: Axes, part: Axes): boolean {
  return (Object.keys(whole) as (keyof Axes)[]).every((name) => {
    const values = new Set<unknown>(whole[name]);
    return part[name].every((value) => values.has(value));
  });
}

function variantsOf(
  { implementations, backends, threads }: Axes,
  of: Pick<Variant, "model" | "cell">,
): Variant[] {
  return implementations.flatMap((implementation) =>
    backends.flatMap((backend) => {
      // Stock layers compute on one thread of tfjs's own, a GPU on its own.
      const hasThreads = implementation === "fused" && !isGpu(backend);
      return (hasThreads ? threads : [null]).map((count) => ({
        ...of,
        implementation,
        backend,
        threads: count,
      }));
    }),
  );
}

/** Whether numbers of a backend lie on a device, where none is read at once. */
export function isGpu(backend: string): boolean {
  return backend === "webgpu" || backend === "tfjs-node-gpu";
}
