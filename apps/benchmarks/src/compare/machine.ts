import { createHash } from "node:crypto";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import process from "node:process";
import { isEngineSupported } from "@rnnkit/fused-rnn";
import { hasRelaxedSimd } from "../bench/peak.ts";
import type { Machine } from "./schema.ts";

/** This machine; **adapter** is what its GPU calls itself, where one was started. */
export function describeMachine(adapter: string | null = null): Machine {
  const facts = {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}, ${release()}`,
    cpu: cpus()[0]?.model.trim() || "unknown",
    logicalCores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    simd: simdOf(),
    adapter,
  };
  const id = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 8);
  return { id, ...facts };
}

function simdOf(): Machine["simd"] {
  if (!isEngineSupported()) return "none";
  return hasRelaxedSimd() ? "relaxed" : "simd128";
}
