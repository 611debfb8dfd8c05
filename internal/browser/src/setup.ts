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

/** What a page answers, and what it and its libraries printed. */
export type Answer<T> =
  | { readonly done: T; readonly failed?: undefined; readonly said: readonly string[] }
  | { readonly failed: string; readonly said: readonly string[] };

/** The setup of a **visit** as the query of an address. */
export function queryOf({ backend, threads, place, size }: Setup, visit: string): string {
  return `?${new URLSearchParams({ visit, backend, threads: `${threads}`, place, size })}`;
}

/** The setup that a query says. */
export function setupOf(query: string): Setup {
  const { threads, ...names } = Object.fromEntries(new URLSearchParams(query));
  return { ...(names as Omit<Setup, "threads">), threads: Number(threads) };
}
