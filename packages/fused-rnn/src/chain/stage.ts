// A chain is stages one behind the other, run in the engine without an operation of tfjs between them.

import type { KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { WasmInstance } from "../wasm/instance.ts";
import type { Flow } from "./flow.ts";

/** What all stages of one pass through a chain share. */
export interface Pass {
  readonly instance: WasmInstance;
  /** Where gradients go. */
  backend: KernelBackend;
  /** Keeps what the backward pass needs, and drops out. */
  readonly training: boolean;
  /** The weights that a gradient is asked of. */
  readonly trained: ReadonlySet<Tensor>;
  /** Gradients by weight, as the backward pass makes them. */
  readonly gradients: Map<Tensor, TensorInfo>;
}

/** A stage that ran. */
export interface StageRun {
  readonly output: Flow;
  /** dx of dy, undefined unless **needsInput**; gradients of the stage's weights go to the pass. */
  backward(dy: Flow, needsInput: boolean): Flow | undefined;
  /** Gives back what it keeps in the engine's memory: the output, what it saved, and dx. */
  release(): void;
}

/** One link of a chain. */
export interface Stage {
  /** What it can train. */
  weights(): readonly Tensor[];
  /** Runs it forwards; what it gives runs backwards, and is released. */
  run(x: Flow, pass: Pass): StageRun;
}
