// Other names under which Keras 3.15.1 finds its own classes, in configs of every age.

/** Layers: Keras's other names to those of the classes. */
const layers: Readonly<Record<string, string>> = {
  AvgPool1D: "AveragePooling1D",
  AvgPool2D: "AveragePooling2D",
  Convolution1D: "Conv1D",
  Convolution2D: "Conv2D",
  Convolution2DTranspose: "Conv2DTranspose",
  GlobalAvgPool1D: "GlobalAveragePooling1D",
  GlobalAvgPool2D: "GlobalAveragePooling2D",
  GlobalMaxPool1D: "GlobalMaxPooling1D",
  GlobalMaxPool2D: "GlobalMaxPooling2D",
  Input: "InputLayer",
  MaxPool1D: "MaxPooling1D",
  MaxPool2D: "MaxPooling2D",
  SeparableConvolution2D: "SeparableConv2D",
};

/** Initializers, beside those that differ in spelling alone. */
const parts: Readonly<Record<string, string>> = {
  IdentityInitializer: "Identity",
  Normal: "RandomNormal",
  One: "Ones",
  OrthogonalInitializer: "Orthogonal",
  Uniform: "RandomUniform",
  Zero: "Zeros",
};

/** What Keras calls the class of a layer. */
export function layerClassName(name: string): string {
  return Object.hasOwn(layers, name) ? layers[name]! : name;
}

/** What Keras calls the class of an initializer, regularizer or constraint: `glorot_uniform` is GlorotUniform. */
export function partClassName(name: string): string {
  const camel = name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.hasOwn(parts, camel) ? parts[camel]! : camel;
}
