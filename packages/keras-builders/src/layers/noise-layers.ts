// tfjs-layers' layers of noise, whose draws it leaves to chance, or repeats in every batch where a seed is
// given: here the seed fixes the sequence of draws, as in Keras.

import {
  add,
  cast,
  dropout,
  greaterEqual,
  mul,
  randomNormal,
  randomUniform,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { drawnSeed } from "../random-seed.ts";
import { seeds } from "../seeds.ts";

type Layer = InstanceType<typeof layers.Layer>;
interface Options {
  rate: number;
  stddev: number;
  noiseShape?: number[];
}

const normal = (x: Tensor, mean: number, deviation: number, seed: number): Tensor =>
  randomNormal(x.shape, mean, deviation, "float32", seed);

/** What each does in training, by class name. */
const noises: Readonly<Record<string, (x: Tensor, options: Options, seed: number) => Tensor>> = {
  SpatialDropout1D: (x, { rate }, seed) => dropout(x, rate, [x.shape[0]!, 1, x.shape[2]!], seed),
  GaussianNoise: (x, { stddev }, seed) => add(x, normal(x, 0, stddev, seed)),
  GaussianDropout: (x, { rate }, seed) => mul(x, normal(x, 1, Math.sqrt(rate / (1 - rate)), seed)),
  // Dropped to what selu tends to, then brought back to mean 0 and variance 1.
  AlphaDropout(x, { rate, noiseShape }, seed) {
    const low = -1.6732632423543772 * 1.0507009873554805;
    const scale = ((1 - rate) * (1 + rate * low ** 2)) ** -0.5;
    const drawn = randomUniform(noiseShape ?? x.shape, 0, 1, "float32", seed);
    const kept = cast(greaterEqual(drawn, rate), "float32");
    const chosen = add(mul(x, kept), mul(add(mul(kept, -1), 1), low));
    return add(mul(chosen, scale), -scale * low * rate);
  },
};

/**
 * Makes a layer of noise draw by its seed, or by one that is drawn for it; leaves any other as it is.
 *
 * tfjs-layers' AlphaDropout also puts the value of dropped units in with the other sign.
 */
export function withSeededNoise<Of extends Layer>(layer: Of, seed: number | undefined): Of {
  const noise = noises[layer.getClassName()];
  if (!noise) return layer;
  const next = seeds(seed ?? drawnSeed());
  const options = layer as unknown as Options & { invokeCallHook: Layer["call"] };
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    const isOff = options.rate === 0 || options.rate === 1 || options.stddev === 0;
    if (!kwargs.training || isOff) return call(inputs, kwargs);
    options.invokeCallHook(inputs, kwargs);
    return tidy(() => noise([inputs].flat()[0]!, options, next() as number));
  };
  return layer;
}
