import type { Environment, Status } from "../results.ts";
import type { BusyPeak } from "./busy-peak.ts";
import type { Isa } from "./peak.ts";

/** Version of the form of the JSON that `bench` writes. */
export const BENCH_SCHEMA_VERSION = 1;

/** Everything one `bench` command measured. */
export interface BenchResults<Row = object> {
  schemaVersion: typeof BENCH_SCHEMA_VERSION;
  command: string;
  status: Status;
  /** Why, when **status** is *failed*. */
  error: string | null;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Wall-clock seconds, checks and warm-up included. */
  seconds: number;
  /** What the command was asked for. */
  options: Record<string, unknown>;
  environment: BenchEnvironment;
  rows: Row[];
}

/** The machine and the software that the figures belong to. */
export interface BenchEnvironment extends Environment {
  simd: { simd128: boolean; relaxed: boolean };
  /** What the engine uses for a large call unless a row says otherwise. */
  threads: number;
  /** The matrix kernel on one core before the work began, GFLOP/s. */
  peakGflops: { simd128: number; relaxed: number | null };
  /** Whose peak fractions are of: the engine's own instructions. */
  peakOf: Isa;
  /** The same while all of **threads** work at once; null on one thread. */
  busyPeak: BusyPeak | null;
}
