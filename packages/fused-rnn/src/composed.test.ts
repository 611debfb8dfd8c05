import { tolerances } from "@rnnkit/test-kit/tolerances";
import { composedEngine } from "./composed.ts";
import { engineConformance } from "./engine-conformance.fixture.ts";

for (const backend of ["cpu", "wasm"]) {
  engineConformance({ engine: composedEngine, backend, tolerances: tolerances.composed });
}
