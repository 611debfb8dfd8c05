import { engine, keep, type Tensor } from "@tensorflow/tfjs-core";

/**
 * Keeps a tensor for as long as the forward pass of a gradient runs, rather than until the innermost `tidy`
 * ends: with the pass it goes, by a throw as well. Where no gradient is taken it is kept for good.
 */
export function keptInPass<Kept extends Tensor>(tensor: Kept): Kept {
  const { activeScope, scopeStack } = engine().state;
  // tfjs's own name for the scope of a forward pass; of nested ones the outermost lives longest.
  const pass = scopeStack.find(({ name }) => name === "forward");
  if (!pass) return keep(tensor);
  activeScope.track = activeScope.track.filter((tracked) => tracked !== tensor);
  pass.track.push(tensor);
  tensor.scopeId = pass.id;
  return tensor;
}
