// What a layer of tfjs-layers lacks beside Keras's of the same name, whatever the layer does.

import { checkOptions } from "@rnnkit/core-rnn";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { activityLoss } from "./activity-loss.ts";
import { KerasActivation, readActivation } from "./keras-activation.ts";
import { inKerasGraph } from "./keras-graph.ts";
import { layerOptions } from "./known-options.ts";
import { prepare } from "./prepare.ts";
import { holdWeights, type RegularizerArg, regularizer, serialized } from "./weight-spec.ts";

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
  names: readonly string[],
  args: Args,
  defaults: Options = {},
): Made {
  prepare();
  // null says nothing, as in Keras.
  const named = args && Object.entries(args).filter(([, value]) => value != null);
  const given = named && !Array.isArray(args) ? Object.fromEntries(named) : args;
  checkOptions(who, given ?? {}, [...names, ...layerOptions]);
  const options: Options = { ...defaults, ...given };
  const cost = regularizer(options.activityRegularizer as RegularizerArg);
  delete options.activityRegularizer;
  for (const name of names) {
    if (/Regularizer$/.test(name)) options[name] = regularizer(options[name] as RegularizerArg);
  }
  const activation = activationIn(who, options);
  const layer = make(options as Args);
  if (activation) (layer as unknown as Options).activation = activation;
  return withHook(inKerasGraph(withCosts(layer, cost)));
}

/** Reads an activation's name; Keras's own is put in its place once the layer is made. */
function activationIn(who: string, options: Options): KerasActivation | undefined {
  const { activation } = options;
  if (typeof activation !== "string") return undefined;
  const read = readActivation(who, activation);
  options.activation = read instanceof KerasActivation ? "linear" : read;
  return read instanceof KerasActivation ? read : undefined;
}

/** Holds weights to their constraints and counts the outputs' cost, which tfjs-layers forgets or refuses. */
function withCosts<Made extends Layer>(layer: Made, cost: ReturnType<typeof regularizer>): Made {
  const activity = activityLoss(cost);
  // tfjs-layers exports no classes to extend.
  const build = layer.build.bind(layer);
  const call = layer.call.bind(layer);
  const getConfig = layer.getConfig.bind(layer);
  layer.build = (inputShape) => {
    build(inputShape);
    holdWeights(layer);
  };
  if (!cost) return layer;
  layer.call = (inputs, kwargs) => activity.noted(call(inputs, kwargs), kwargs);
  layer.addLoss(activity.losses);
  layer.getConfig = () => ({ ...getConfig(), activityRegularizer: serialized(cost) });
  return layer;
}

/** Calls the hook in every call, once: half of tfjs-layers' classes do it themselves, the others forget it. */
function withHook<Made extends Layer>(layer: Made): Made {
  const inside = layer as unknown as { invokeCallHook(...given: unknown[]): void };
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
