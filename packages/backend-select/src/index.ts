export { type BackendName, backendNames } from "./backend-name.ts";
export { describeBackend } from "./describe-backend.ts";
export type { SelectBackendOptions } from "./options.ts";
export { type BackendCandidate, type BackendSelection, selectBackend } from "./select-backend.ts";
