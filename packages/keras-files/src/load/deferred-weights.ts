import { shown as shownShape } from "@rnnkit/core-rnn";
import { engine, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;
type AddWeight = Layer["addWeight"];

/**
 * A tensor of any shape over one number: the file's values take its place before anything reads it, so
 * it needs no memory.
 */
function deferred(shape: number[]): Tensor {
  const dataId = engine().backend.write(new Float32Array(1), [1], "float32");
  return engine().makeTensorFromTensorInfo({ dataId, shape, dtype: "float32" });
}

/**
 * Runs **build**, which must not wait for anything and assigns every weight, with layers that make their
 * weights without initializers and without memory. What it made is disposed if it throws.
 *
 * @throws if the weights were more bytes than the file has, as a config that asks for memory does.
 */
export function withDeferredWeights<T>(who: string, fileBytes: number, build: () => T): T {
  const known = new Set(Object.keys(engine().registeredVariables));
  const prototype = layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  let left = fileBytes;
  const addDeferred: AddWeight = function (this: Layer, name, shape, dtype, _, ...others) {
    left -= 4 * (shape as number[]).reduce((size, n) => size * n, 1);
    if (!(left >= 0)) {
      throw new Error(
        `${who}: expected weights that ${fileBytes} bytes can hold, got ${name} of shape ${shownShape(shape)} in ${this.name}`,
      );
    }
    const initializer = { apply: () => deferred(shape as number[]) };
    return addWeight.call(this, name, shape, dtype, initializer as never, ...others);
  };
  prototype.addWeight = addDeferred;
  try {
    let built: T | undefined;
    tidy(() => {
      built = build();
    });
    return built as T;
  } catch (error) {
    for (const [name, variable] of Object.entries(engine().registeredVariables)) {
      if (!known.has(name)) variable.dispose();
    }
    throw error;
  } finally {
    prototype.addWeight = addWeight;
  }
}
