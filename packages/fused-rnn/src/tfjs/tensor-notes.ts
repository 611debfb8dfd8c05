import { engine, type Tensor } from "@tensorflow/tfjs-core";

/** Notes on tensors, of one kind. */
export interface TensorNotes<Note> {
  /** Notes something of a tensor. */
  set(x: Tensor, note: Note): void;
  /** What is noted of a tensor, where it holds. */
  get(x: Tensor): Note | undefined;
}

/**
 * Notes on what tensors were made from, for who may then work on that in their place: they hold where the gradient of
 * the tensor itself cannot be wanted. That is where tfjs records nothing, or the tensor was made in the same gradient
 * scope, so that its gradient only passes through it. A gradient in the tensor, as for a saliency map, has it from
 * outside its scope. Nothing is noted inside a gradient of a gradient or a custom gradient, where nobody can tell
 * what else the tensor is for.
 *
 * @example
 * const origins = createTensorNotes();
 * origins.set(y, x);
 * origins.get(y); // => x
 */
export function createTensorNotes<Note>(): TensorNotes<Note> {
  const notes = new WeakMap<Tensor, { note: Note; tape: object | null }>();
  return {
    set(x, note) {
      const { activeTape, gradientDepth, kernelDepth } = engine().state;
      if (gradientDepth > 1 || kernelDepth > 0) return;
      notes.set(x, { note, tape: gradientDepth === 1 ? activeTape : null });
    },
    get(x) {
      const known = notes.get(x);
      const { activeTape, gradientDepth } = engine().state;
      const passing = gradientDepth === 1 && known?.tape === activeTape;
      return gradientDepth === 0 || passing ? known?.note : undefined;
    },
  };
}
