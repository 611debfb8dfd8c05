import { expect } from "vitest";
import { toBeAllclose } from "./allclose.ts";

expect.extend({ toBeAllclose });
