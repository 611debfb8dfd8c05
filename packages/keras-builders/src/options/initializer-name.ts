import { didYouMean, shown } from "@rnnkit/core-rnn";
import { serialization } from "@tensorflow/tfjs-core";

/** As tfjs-layers spells them in code. */
const names: readonly string[] = [
  ...["glorotUniform", "glorotNormal", "heUniform", "heNormal", "leCunUniform", "leCunNormal"],
  ...["randomUniform", "randomNormal", "truncatedNormal", "varianceScaling", "orthogonal"],
  ...["zeros", "ones", "identity"],
];

/** Keras's other words; its constant is 0 where none is given. */
const aliases: Readonly<Record<string, string>> = {
  ...{ uniform: "randomUniform", normal: "randomNormal" },
  ...{ one: "ones", zero: "zeros", constant: "zeros" },
  ...{ identityinitializer: "identity", orthogonalinitializer: "orthogonal" },
};

const bare = (name: string): string => name.replaceAll("_", "").toLowerCase();

/**
 * An initializer's name as tfjs-layers knows it, from Keras's (*glorot_uniform*, *GlorotUniform*, *uniform*),
 * tfjs's own or a class that was registered with `tf.serialization.registerClass`.
 *
 * @throws for any other name.
 */
export function initializerName(who: string, option: string, given: string): string {
  const { classNameMap } = serialization.SerializationMap.getMap();
  const asked = bare(given);
  const name = aliases[asked] ?? names.find((known) => bare(known) === asked);
  if (name) return name;
  if (Object.hasOwn(classNameMap, given)) return given;
  const got = `${shown(given)}${didYouMean(given, [...names, "uniform", "normal"])}`;
  throw new Error(`${who}: expected ${option} to be one of ${names.join(", ")}, got ${got}`);
}
