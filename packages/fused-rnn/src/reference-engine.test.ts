import { tolerances } from "@rnnkit/test-kit/tolerances";
import { engineConformance } from "./engine-conformance.fixture.ts";
import { referenceEngine as engine } from "./reference-engine.fixture.ts";

const { wasm: row } = tolerances;
// It works in float64; a state that is carried on is a tensor of float32 in between.
engineConformance({ engine, backend: "cpu", tolerances: row, carried: row.outputs, isSlow: true });
