import { engine, type Tensor } from "@tensorflow/tfjs-core";

/**
 * Keeps a tensor, made in the innermost `tidy`, for as long as the pass runs that it is of: the forward pass of
 * the outermost gradient, or else the outermost `tidy`. With the pass it goes, by a throw as well.
 */
export function keptInPass<Kept extends Tensor>(tensor: Kept): Kept {
  const { activeScope, scopeStack } = engine().state;
  // tfjs's own name for the scope of a forward pass.
  const pass = scopeStack.find(({ name }) => name === "forward") ?? scopeStack[0];
  if (!pass || pass === activeScope) return tensor;
  activeScope.track = activeScope.track.filter((tracked) => tracked !== tensor);
  pass.track.push(tensor);
  tensor.scopeId = pass.id;
  return tensor;
}
