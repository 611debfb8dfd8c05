import { tolerances } from "@rnnkit/test-kit/tolerances";
import { composedEngine as engine } from "./composed.ts";
import { engineConformance } from "./engine-conformance.fixture.ts";

for (const backend of ["cpu", "wasm"]) {
  engineConformance({ engine, backend, tolerances: tolerances.composed, isSlow: true });
}
