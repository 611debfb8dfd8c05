export type { BackendCandidate } from "./backend-candidate.ts";
export { type BackendName, backendNames } from "./backend-name.ts";
export type { MeasuredSelection } from "./choice.ts";
export { describeBackend } from "./describe-backend.ts";
export type { SelectBackendOptions } from "./options.ts";
export type { OwnProbe, RecurrentProbe } from "./probe.ts";
export { type BackendSelection, selectBackend } from "./select-backend.ts";
export type { TimingCache, TimingStorage } from "./timing-cache.ts";
