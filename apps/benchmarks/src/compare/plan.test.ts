import fc from "fast-check";
import { expect, test } from "vitest";
import {
  jobsAsked,
  jobsBeside,
  jobsOf,
  joinAxes,
  missingJobs,
  variantKey,
  withRequest,
} from "./plan.ts";
import { sampleComparison } from "./sample-comparison.ts";
import { type Axes, cellNames, implementationNames, modelNames } from "./schema.ts";

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const anyAxes: fc.Arbitrary<Axes> = fc.record({
  models: some(modelNames),
  cells: some(cellNames),
  implementations: some(implementationNames),
  backends: some(["wasm", "cpu", "webgpu"]),
  threads: some([1, 2, 4]),
  seeds: some([1, 2, 3]),
});

test("every job has a key of its own, and stock layers and a GPU no threads", () => {
  fc.assert(
    fc.property(anyAxes, (axes) => {
      const jobs = jobsOf(axes);
      expect(new Set(jobs.map(({ key }) => key)).size).toBe(jobs.length);
      for (const job of jobs) {
        for (const variant of job.kind === "heat" ? job.variants : [job.variant]) {
          const { implementation, backend, threads } = variant;
          expect(threads === null).toBe(implementation === "stock" || backend === "webgpu");
        }
      }
    }),
  );
});

test("a complete comparison lacks nothing, and lacks what is added to its axes alone", () => {
  const comparison = sampleComparison();
  const { axes } = comparison;
  const stockOnGpu = { implementation: "stock", backend: "webgpu", threads: null } as const;
  const jobs = jobsOf({ ...axes, backends: ["wasm"], threads: [1, 2] });
  expect(missingJobs(jobs, comparison)).toEqual([]);
  const more = jobsOf({ ...axes, backends: ["wasm"], seeds: [1, 2, 3] });
  const missing = missingJobs(more, comparison);
  expect(missing.length).toBe(2 * 3);
  expect(missing.every((job) => job.kind === "run" && job.seed === 3)).toBe(true);
  expect(variantKey({ model: "single", cell: "gru", ...stockOnGpu })).toBe(
    "single/gru/stock/webgpu",
  );
});

test("a heat that lacks a lane is timed again whole: its times are of one go", () => {
  const comparison = sampleComparison();
  const [job] = missingJobs(jobsOf({ ...comparison.axes, threads: [1, 2, 4] }), comparison);
  expect(job?.kind === "heat" && job.variants.length).toBe(3 * 2 + 1 + 3);
});

test("a heat that is timed again has the lanes that it had: other axes take no time away", () => {
  fc.assert(
    fc.property(anyAxes, anyAxes, (before, asked) => {
      const heats = heatsOf(jobsOf(before));
      const lanes = (key: string) => heats.get(key) ?? [];
      const file = sampleComparison();
      file.axes = before;
      file.heats = [...heats].map(([key, variants]) => ({
        ...file.heats[0]!,
        key,
        lanes: variants.map((key) => ({ ...file.heats[0]!.lanes[0]!, key })),
      }));
      const jobs = jobsBeside(asked, file);
      expect(jobs.map(({ key }) => key)).toEqual(jobsOf(asked).map(({ key }) => key));
      const alone = heatsOf(jobsOf(asked));
      for (const [key, variants] of heatsOf(jobs)) {
        const both = new Set([...lanes(key), ...(alone.get(key) ?? [])]);
        expect([variants.length, new Set(variants)]).toEqual([both.size, both]);
      }
    }),
  );
});

const heatsOf = (jobs: ReturnType<typeof jobsOf>) =>
  new Map(
    jobs.flatMap((job) =>
      job.kind === "heat" ? [[job.key, job.variants.map(variantKey)] as const] : [],
    ),
  );

test("what could not be measured stays so until it is asked for again", () => {
  const comparison = sampleComparison();
  const axes: Axes = { ...comparison.axes, implementations: ["fused"], backends: ["webgpu"] };
  expect(missingJobs(jobsOf(axes), comparison)).toEqual([]);
  expect(missingJobs(jobsOf(axes), comparison, true).length).toBe(2 + 4);
});

test("axes joined span what both span, in any order of growth", () => {
  fc.assert(
    fc.property(anyAxes, anyAxes, (first, second) => {
      const keys = new Set(jobsOf(joinAxes(first, second)).map(({ key }) => key));
      for (const axes of [first, second]) {
        for (const { key } of jobsOf(axes)) expect(keys.has(key)).toBe(true);
      }
    }),
  );
});

test("several requests ask for what each asks for, once, and for nothing that only their axes joined span", () => {
  fc.assert(
    fc.property(fc.array(anyAxes, { minLength: 1, maxLength: 4 }), (requests) => {
      const axes = requests.reduce(joinAxes);
      const asked = requests.reduce(withRequest, [] as Axes[]);
      const jobs = jobsAsked({ axes, asked });
      const each = requests.flatMap(jobsOf);
      expect(new Set(jobs.map(({ key }) => key))).toEqual(new Set(each.map(({ key }) => key)));
      expect(new Set(jobs.map(({ key }) => key)).size).toBe(jobs.length);
      expect(lanesOf(jobs)).toEqual(lanesOf(each));
    }),
  );
});

const lanesOf = (jobs: ReturnType<typeof jobsOf>) =>
  new Set([...jobs].flatMap((job) => (job.kind === "heat" ? job.variants.map(variantKey) : [])));
