// What runs a recurrence. The operations know engines as values of one interface: which calls one refuses, and its
// passes. The first of the list that does not refuse a call runs it.

import type { KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { CallShape, GradientName, InputName } from "./call.ts";

/** One direction of a call: who is called, its shape, and its tensors by name, those that are there. */
export interface EngineCall {
  readonly who: string;
  readonly shape: CallShape;
  readonly inputs: Readonly<Partial<Record<InputName, Tensor>>>;
}

/** What a forward pass gives: [B, T, H] or [B, H], and the final states, [B, H] each. */
export interface EngineResult<T extends TensorInfo, Saved = undefined> {
  outputs: T;
  state: T[];
  /** What the backward pass needs, where **training**; the engine keeps it until it is released. */
  saved?: Saved;
}

/** What comes back to one direction: the gradients of what its forward pass gave. */
export interface Cotangents {
  outputs: Tensor;
  state: Tensor[];
}

/** Makes the tensor of one gradient of a direction that a backward pass ran. */
export type GradientOf = (name: GradientName) => TensorInfo;

interface AnyEngine {
  /** In errors and reasons. */
  readonly name: string;
  /** Why it does not run such a call on the tfjs backend of that name; undefined where it does. */
  refuses(shape: CallShape, backendName: string): string | undefined;
}

/**
 * An engine whose passes are kernels of tfjs's registry. Calls are one, or the two directions of a bidirectional
 * layer, alike but for direction and data: x (or ids and table) and mask are the same tensors for both.
 */
export interface KernelEngine<Saved extends object = object> extends AnyEngine {
  readonly kind: "kernels";
  /** In the error of a backward pass on another: what it must be. */
  readonly backends: string;
  /**
   * Runs calls that it does not refuse, on tensors of **backend**; nothing is kept unless **training**.
   *
   * @throws Error, with nothing kept, where ids are not those of rows of the table
   */
  forward(
    calls: readonly EngineCall[],
    backend: KernelBackend,
    training: boolean,
  ): EngineResult<TensorInfo, Saved | undefined>[];
  /**
   * The gradients of what one call of **forward** saved, for each direction. **needsInput** false saves making that
   * of x or of the table. It may be called again, with the same result, until what is saved is released.
   */
  backward(
    saved: readonly Saved[],
    cotangents: readonly Cotangents[],
    backend: KernelBackend,
    needsInput: boolean,
  ): GradientOf[];
  /** Gives back what was saved, once. */
  release(saved: Saved): void;
}

/** An engine made of tfjs operations: tfjs differentiates them itself. */
export interface TracedEngine extends AnyEngine {
  readonly kind: "traced";
  forward(calls: readonly EngineCall[]): EngineResult<Tensor>[];
}

/** What runs a recurrence. */
export type Engine = KernelEngine | TracedEngine;

/** The engine of a call, and why those before it in the list refuse it. */
export interface ChosenEngine {
  engine: Engine;
  reasons: string[];
}

/** The first engine that does not refuse a call; the last of the list refuses none. */
export function chooseEngine(
  engines: readonly Engine[],
  shape: CallShape,
  backendName: string,
): ChosenEngine {
  const reasons: string[] = [];
  for (const engine of engines) {
    const reason = engine.refuses(shape, backendName);
    if (reason === undefined) return { engine, reasons };
    reasons.push(reason);
  }
  throw new Error(
    `fused-rnn: expected an engine for ${shape.cell}, got none: ${reasons.join("; ")}`,
  );
}
