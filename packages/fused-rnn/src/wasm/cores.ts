// How many threads are worth starting, as far as the runtime says.

let cores: number | undefined;

/** Cores, not hyper-threads: two threads on one core share its arithmetic units. */
export function physicalCores(): number {
  if (cores !== undefined) return cores;
  const { process, navigator } = globalThis as {
    process?: NodeJS.Process;
    navigator?: { hardwareConcurrency?: number };
  };
  const os = process?.getBuiltinModule?.("node:os");
  const available = os?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 1;
  let physical = available;
  if (process?.platform === "linux") {
    const fs = process.getBuiltinModule("node:fs");
    const siblings = new Set<string>();
    for (let cpu = 0; cpu < (os?.cpus().length ?? 0); cpu++) {
      try {
        const path = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
        siblings.add(fs.readFileSync(path, "utf8").trim());
      } catch {
        siblings.add(String(cpu));
      }
    }
    physical = siblings.size || available;
  } else if (process?.arch === "x64" && available > 2) {
    physical = available / 2;
  }
  cores = Math.max(1, Math.min(available, Math.floor(physical)));
  return cores;
}
