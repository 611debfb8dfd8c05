// What a page is asked to do: its address says it, its worker is told.

import type { BackendName } from "@rnnkit/backend-select";
import type { SizeName } from "./training.ts";

/** Where and on what a page trains. */
export interface Setup {
  backend: BackendName;
  /** Threads that the engine is asked for. */
  threads: number;
  place: "page" | "worker";
  size: SizeName;
}

/** What a page answers. */
export type Answer<T> = { readonly done: T } | { readonly failed: string };

/** The setup as the query of an address. */
export function queryOf(setup: Setup): string {
  return `?${new URLSearchParams(Object.entries(setup).map(([name, value]) => [name, `${value}`]))}`;
}

/** The setup that a query says. */
export function setupOf(query: string): Setup {
  const { threads, ...names } = Object.fromEntries(new URLSearchParams(query));
  return { ...(names as Omit<Setup, "threads">), threads: Number(threads) };
}
