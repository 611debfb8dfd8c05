// Words that Keras's files and tfjs-layers spell differently.

/** `kernel_size` to `kernelSize`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `kernelSize` to `kernel_size`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What an argument is a part of a layer as, by the end of its name: its module is `keras.initializers` and so on. */
export function partModule(argument: string): string | undefined {
  const [, kind] = /_(initializer|regularizer|constraint)$/.exec(argument) ?? [];
  return kind && `keras.${kind}s`;
}

/** Arguments whose value is one of a few words, `channels_last` here and `channelsLast` there. */
export const wordArguments: ReadonlySet<string> = new Set([
  "data_format",
  "distribution",
  "interpolation",
  "merge_mode",
  "mode",
  "padding",
]);

/** tfjs knows only one normal distribution that is not truncated, and calls it so. */
const tfjsWords: Readonly<Record<string, string>> = { untruncated_normal: "normal" };
const kerasWords: Readonly<Record<string, string>> = { normal: "untruncated_normal" };

/** A value of {@link wordArguments} as tfjs-layers spells it. */
export function tfjsWord(word: string): string {
  return tfjsWords[word] ?? camelCase(word);
}

/** A value of {@link wordArguments} as Keras spells it. */
export function kerasWord(word: string): string {
  return kerasWords[word] ?? snakeCase(word);
}

/** What Python registers functions of this project's under, those that Keras 3 does not have. */
export const registeredPrefix = "rnnkit>";

/**
 * Says in a Sequential model's config that its input is one of `model.layers`, as it is in tfjs-layers where
 * it was added like a layer; Keras knows no such models, and passes over what it does not know there.
 */
export const listedInput = "rnnkit_lists_input";
