import { tolerances } from "@rnnkit/test-kit/tolerances";
import { engineConformance } from "../engine-conformance.fixture.ts";
import { wasmEngine as engine } from "./engine.ts";
import { poison } from "./poison.fixture.ts";

for (const backend of ["cpu", "wasm"]) {
  engineConformance({ engine, backend, tolerances: tolerances.wasm, poison });
}
