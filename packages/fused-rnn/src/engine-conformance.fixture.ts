// One suite for every engine: every option, identity and edge of the recurrences, through the operations, beside
// core-rnn in float64. An engine is added to it in a test file of its own:
//
//     engineConformance({ engine: wasmEngine, backend: "wasm", tolerances: tolerances.wasm });

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { describe } from "vitest";
import { agreementTests } from "./conformance/agreement.fixture.ts";
import { type EngineUnderTest, useEngine } from "./conformance/engine-under-test.fixture.ts";
import { identityTests } from "./conformance/identities.fixture.ts";
import { lookupTests } from "./conformance/lookups.fixture.ts";
import { mannersTests } from "./conformance/manners.fixture.ts";
import { stackTests } from "./conformance/stacks.fixture.ts";

/** Runs the suite on an engine, in front of the others, on a backend of tfjs. */
export function engineConformance(suite: EngineUnderTest): void {
  describe(`${suite.engine.name} on ${suite.backend}`, () => {
    useEngine(suite);
    agreementTests(suite);
    identityTests(suite);
    lookupTests(suite);
    stackTests(suite);
    mannersTests(suite);
  });
}
