import { reshape, sign, stridedSlice, Tensor, transpose } from "@tensorflow/tfjs-core";

const flatten = (x: Tensor): Tensor => reshape(x, [x.size]);
const ops = { flatten, reshape, sign, stridedSlice, transpose };

/**
 * Gives tensors the methods that tfjs-layers calls on them and nobody has installed yet.
 *
 * tfjs-layers writes `x.flatten()` where tfjs-core offers `flatten(x)`. The methods come with
 * `@tensorflow/tfjs`, the union package; with only tfjs-core and tfjs-layers in plain Node they are
 * missing, and tfjs-core's own modules for them cannot be imported there (`.js` files with ESM syntax
 * and extensionless imports). Methods that exist are left alone.
 */
export function installMissingChainedOps(): void {
  const methods = Tensor.prototype as unknown as Record<string, unknown>;
  for (const [name, op] of Object.entries(ops)) {
    methods[name] ??= function (this: Tensor, ...args: unknown[]): unknown {
      return (op as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...args);
    };
  }
}
