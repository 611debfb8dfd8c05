// What a layer of tfjs-layers lacks beside Keras's of the same name, whatever the layer does.

import { type DataType, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { layers, Shape } from "@tensorflow/tfjs-layers";
import { noteMade } from "../graph/as-made.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import { KerasActivation, readActivation } from "../options/keras-activation.ts";
import { askedOptions } from "../options/known-options.ts";
import { regularizer as regularizerKind } from "../options/layer-option-kinds.ts";
import { layerOptions } from "../options/layer-options.ts";
import {
  constrainWeights,
  type Initializer,
  type RegularizerArg,
  regularizer,
} from "../options/weight-spec.ts";
import { prepare } from "../prepare.ts";
import { withDrawnSeed } from "../random-seed.ts";
import { countActivity } from "./activity-loss.ts";
import { withSeededNoise } from "./noise-layers.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Options = Record<string, unknown>;

/** What a function of tf.layers takes. */
export type ArgsOf<Name extends keyof typeof layers> = (typeof layers)[Name] extends (
  args: infer Args,
) => unknown
  ? Args
  : never;

/** What a function of tf.layers makes. */
export type LayerOf<Name extends keyof typeof layers> = (typeof layers)[Name] extends (
  ...args: never[]
) => infer Made
  ? Made
  : never;

/** A function of tf.layers that makes a layer. */
type Make<Args, Made extends Layer> = (args: Args) => Made;

/**
 * A layer of tfjs-layers as Keras has it: with Keras's activations, with constraints that hold in
 * training and an activity regularizer that counts, with Keras's masks, and no option that is ignored.
 *
 * @internal
 */
export function kerasStock<Args, Made extends Layer>(
  who: string,
  make: Make<Args, Made>,
  args: Args,
  defaults: Options = {},
): Made {
  prepare();
  const options: Options = { ...defaults, ...askedOptions(who, args) };
  const { activityRegularizer } = options;
  delete options.activityRegularizer;
  for (const [name, kind] of Object.entries(layerOptions[who]!)) {
    if (kind === regularizerKind) options[name] = regularizer(options[name] as RegularizerArg);
  }
  const activation = activationIn(who, options);
  const layer = withSeededNoise(make(options as Args), options.seed as number | undefined);
  if (activation) (layer as unknown as Options).activation = activation;
  const kept = withHook(inKerasGraph(withCosts(layer, { activityRegularizer })));
  noteMade(kept);
  return kept;
}

/** Reads an activation's name; Keras's own is put in its place once the layer is made. */
function activationIn(who: string, options: Options): KerasActivation | undefined {
  const { activation } = options;
  if (typeof activation !== "string") return undefined;
  const read = readActivation(who, activation);
  options.activation = read instanceof KerasActivation ? "linear" : read;
  return read instanceof KerasActivation ? read : undefined;
}

/** What tfjs-layers has of a layer and does not tell; it exports no classes to extend. */
interface Inside {
  addWeight(
    ...args: [name: string, shape: Shape, dtype: DataType, initializer?: Initializer, ...unknown[]]
  ): unknown;
  invokeCallHook(...given: unknown[]): void;
}

/** Draws weights by the seed of the process, holds them to their constraints and counts the outputs' cost, which tfjs-layers forgets or refuses. */
function withCosts<Made extends Layer>(layer: Made, cost: object): Made {
  const inside = layer as unknown as Inside;
  const build = layer.build.bind(layer);
  // By the prototype at the time: what reads files has its own there for a while.
  inside.addWeight = (name, shape, dtype, initializer, ...others) =>
    (Object.getPrototypeOf(layer) as Inside).addWeight.call(
      ...[layer, name, shape, dtype, initializer && withDrawnSeed(initializer), ...others],
    );
  layer.build = (inputShape) => {
    build(inputShape);
    constrainWeights(layer);
  };
  countActivity(layer, cost);
  return layer;
}

/** Calls the hook in every call, once: half of tfjs-layers' classes do it themselves, the others forget it. */
function withHook<Made extends Layer>(layer: Made): Made {
  const inside = layer as unknown as Inside;
  const invoke = inside.invokeCallHook.bind(layer);
  const call = layer.call.bind(layer);
  inside.invokeCallHook = () => {};
  layer.call = (inputs, kwargs): Tensor | Tensor[] =>
    tidy(() => {
      invoke(inputs, kwargs);
      return call(inputs, kwargs);
    });
  return layer;
}
