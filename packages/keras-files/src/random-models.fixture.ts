// Random models of the layers that this project and Keras both know, the same for a seed in every run: two
// branches and more, masks from Embedding or Masking or none, and tf.layers' own layers among ours.

import { type Random, seededRandom } from "@rnnkit/core-rnn";
import { isKerasLayer, layers } from "@rnnkit/keras-builders";
import {
  input,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { filled, type Input } from "./saved-models.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Node = Layer["inboundNodes"][number];
type Args = Record<string, unknown>;
type Recurrent = ReturnType<typeof layers.lstm>;

/** A model and what to give it. */
export interface RandomModel {
  model: LayersModel;
  inputs: Input[];
  /** The calls that made it, for a person to read. */
  recipe: string[];
  /** Whether all its layers are computed as those of a loaded model are, operation for operation. */
  exact: boolean;
  /**
   * Whether a TimeDistributed took axes away that a mask may have: here the mask has then those that are left,
   * Keras carries it whole, and refuses it in some layers.
   */
  narrowed: boolean;
}

const rows = 3;

/** The model of a seed. */
export function randomModel(seed: number): RandomModel {
  const maker = new Maker(seededRandom(seed));
  return maker.chance(0.3) ? maker.sequential() : maker.functional();
}

class Maker {
  readonly #random: Random;
  readonly #recipe: string[] = [];
  readonly #inputs: Input[] = [];
  readonly #symbols: SymbolicTensor[] = [];
  /** All tensors so far, and those that nothing has read. */
  readonly #pool: SymbolicTensor[] = [];
  readonly #unread = new Set<SymbolicTensor>();
  #exact = true;
  #narrowed = false;

  constructor(random: Random) {
    this.#random = random;
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.#random.uniform() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }

  pick<T>(of: readonly T[]): T {
    return of[this.int(0, of.length - 1)]!;
  }

  sequential(): RandomModel {
    this.#start();
    for (let steps = this.int(2, 5); steps > 0; steps--) this.#one(this.#pool.at(-1)!);
    return this.#made([this.#pool.at(-1)!]);
  }

  functional(): RandomModel {
    for (let branches = this.int(1, 2); branches > 0; branches--) this.#start();
    for (let steps = this.int(3, 8); steps > 0; steps--) {
      if (this.chance(0.35) && this.#merge()) continue;
      if (this.chance(0.12) && this.#stated()) continue;
      if (this.chance(0.12)) this.#nested();
      else this.#one(this.pick(this.#pool));
    }
    const ends = [...this.#unread].slice(-3);
    return this.#made(ends.length ? ends : [this.#pool.at(-1)!]);
  }

  #made(ends: SymbolicTensor[]): RandomModel {
    // What no layer of this package is joined to is tfjs-layers' alone, masks and all.
    const outputs = ends.map((y) =>
      isKerasLayer(y.sourceLayer)
        ? y
        : this.#on(y, layers.activation({ activation: "linear" }))[0]!,
    );
    const model = filled(modelOf({ inputs: this.#symbols, outputs }));
    return {
      model,
      inputs: this.#inputs,
      recipe: this.#recipe,
      exact: this.#exact,
      narrowed: this.#narrowed,
    };
  }

  /** An input, and what gives it a mask or not. */
  #start(): SymbolicTensor[] {
    const [T, F] = [this.int(3, 5), this.int(2, 3)];
    if (this.chance(0.5)) {
      const shape = this.chance(0.2) ? [T, this.int(2, 3)] : [T];
      const tokens = this.#input(shape, "int32");
      const maskZero = this.chance(0.75);
      return this.#on(tokens, this.#make("embedding", { inputDim: 6, outputDim: F, maskZero }));
    }
    const x = this.#input(this.chance(0.1) ? [T, 2, F] : [T, F], "float32");
    if (this.chance(0.3)) return this.#on(x, this.#make("masking", {}));
    if (this.chance(0.5)) return [x];
    const [y] = this.#on(x, this.#make("dense", { units: F, activation: "relu" }));
    return this.#on(y!, this.#make("masking", {}));
  }

  #input(shape: number[], dtype: "int32" | "float32"): SymbolicTensor {
    const x = input({ shape, dtype });
    this.#recipe.push(`${x.name} = input(${JSON.stringify(shape)}, ${dtype})`);
    const size = rows * shape.reduce((a, b) => a * b, 1);
    const steps = dtype === "int32" ? 1 : shape.at(-1)!;
    const data = Array.from({ length: size }, () =>
      dtype === "int32" ? this.int(1, 5) : this.#random.normal() * 0.7,
    );
    // Masked steps anywhere, and a row that begins and one that ends with them.
    const [, T = 1] = [0, shape[0]];
    for (let at = 0; at < size; at += steps) {
      const row = Math.floor((at * rows) / size);
      const t = Math.floor(((at * rows) % size) / (size / T));
      const masked = row === 0 ? this.chance(0.3) : row === 1 ? t < 2 : t >= T - 1;
      if (masked) data.fill(0, at, at + steps);
    }
    this.#inputs.push({ shape: [rows, ...shape], dtype, data });
    this.#symbols.push(x);
    // A model reads all its inputs, and none twice over.
    if (dtype === "float32") this.#put(x);
    return x;
  }

  #put(x: SymbolicTensor): void {
    this.#pool.push(x);
    this.#unread.add(x);
  }

  /** A layer of this package or of tf.layers, which is Keras's where it is joined to ours. */
  #make(name: string, args: Args): Layer {
    const own = layers as unknown as Record<string, (args: Args) => Layer>;
    const stocks = stock as unknown as Record<string, (args: Args) => Layer>;
    const isStock = this.chance(0.35) && Object.hasOwn(stocks, name) && !("seed" in args);
    if (isStock && steppedIn.has(name)) this.#exact = false;
    // tf.layers' own write into what they are given.
    const what = `${isStock ? "tf." : ""}${name}(${shown(args)})`;
    const made = (isStock ? stocks : own)[name]!(
      isStock && gated.has(name) ? { recurrentActivation: "sigmoid", ...args } : args,
    );
    this.#named.set(made, what);
    return made;
  }
  readonly #named = new Map<Layer, string>();

  #on(x: SymbolicTensor | SymbolicTensor[], layer: Layer): SymbolicTensor[] {
    const outputs = [layer.apply(x)].flat() as SymbolicTensor[];
    const given = [x].flat();
    const names = outputs.map((y) => y.name).join(", ");
    const what = this.#named.get(layer) ?? layer.name;
    this.#recipe.push(
      `${names} = ${layer.name}: ${what} of ${given.map((y) => y.name).join(", ")}`,
    );
    this.#narrowed ||= isNarrowing(layer, given[0]!.shape.length, outputs[0]!.shape.length);
    for (const y of given) this.#unread.delete(y);
    for (const y of outputs) this.#put(y);
    return outputs;
  }

  /** One more layer behind a tensor. */
  #one(x: SymbolicTensor): void {
    this.#on(x, this.#layerFor(x.shape.slice(1) as number[], true));
  }

  #layerFor(shape: number[], canEnd: boolean): Layer {
    const rank = shape.length;
    const any = [...elementwise(this, shape)];
    if (rank === 1) return this.#chosen([...any, ...this.#forVectors(shape), ...any]);
    if (rank === 2) {
      const ends = canEnd ? this.#forSequences(shape) : [];
      return this.#chosen([...any, ...ends, ...this.#recurrences(canEnd)]);
    }
    return this.#chosen([...any, ...this.#forSteps(shape), ...this.#forSteps(shape)]);
  }

  #chosen(choices: (() => Layer)[]): Layer {
    return this.pick(choices)();
  }

  of = (name: string, args: Args) => () => this.#make(name, args);

  #forVectors([F = 1]: number[]): (() => Layer)[] {
    return [
      this.of("repeatVector", { n: this.int(2, 4) }),
      this.of("reshape", { targetShape: F % 2 ? [1, F] : [2, F / 2] }),
      this.of("softmax", {}),
    ];
  }

  #forSequences([T = 1, F = 1]: number[]): (() => Layer)[] {
    const convolution = {
      filters: this.int(2, 3),
      kernelSize: this.int(1, 3),
      padding: this.pick(["same", "causal"]),
      ...(this.chance(0.3) ? { strides: 2 } : { dilationRate: this.int(1, 2) }),
    };
    const pool = { poolSize: 2, padding: this.pick(["same", "valid"]), strides: this.int(1, 2) };
    return [
      this.of("conv1d", convolution),
      this.of("maxPooling1d", T > 1 ? pool : { poolSize: 1 }),
      this.of("averagePooling1d", T > 1 ? pool : { poolSize: 1 }),
      this.of("permute", { dims: [2, 1] }),
      this.of("reshape", { targetShape: this.pick([[F, T], [T * F], [T, F, 1], [-1, F]]) }),
      this.of("flatten", {}),
      this.of("globalAveragePooling1d", {}),
      this.of("globalMaxPooling1d", {}),
      this.of("masking", { maskValue: this.pick([0, 1]) }),
      ...this.#around([F]),
    ];
  }

  /** Recurrences over a sequence; one that is to keep it gives all its steps. */
  #recurrences(canEnd: boolean): (() => Layer)[] {
    const all = canEnd ? this.chance(0.6) : true;
    return [
      () => this.#recurrent(all, false),
      () => this.#recurrent(all, canEnd && this.chance(0.3)),
      () => this.#rnn(all),
      () => this.#bidirectional(all, canEnd && this.chance(0.3)),
    ];
  }

  #recurrent(returnSequences: boolean, returnState: boolean, units = this.int(1, 3)): Layer {
    const name = this.pick(["simpleRNN", "lstm", "gru"]);
    return this.#make(name, {
      units,
      returnSequences,
      ...(returnState && { returnState }),
      ...(this.chance(0.25) && { goBackwards: true }),
      ...(this.chance(0.3) && { activation: this.pick(["relu", "sigmoid", "softsign", "linear"]) }),
      ...(this.chance(0.2) && { useBias: false }),
    });
  }

  #own(returnSequences: boolean, more: Args = {}): Recurrent {
    const name = this.pick(["simpleRNN", "lstm", "gru"] as const);
    const args = {
      units: this.int(1, 3),
      returnSequences,
      ...(this.chance(0.25) && { zeroOutputForMask: true }),
      ...more,
    };
    const made = layers[name](args);
    this.#named.set(made, `${name}(${shown(args)})`);
    return made;
  }

  #cell(): Parameters<typeof layers.rnn>[0]["cell"] {
    const name = this.pick(["simpleRNNCell", "lstmCell", "gruCell"] as const);
    return layers[name]({ units: this.int(1, 3) });
  }

  #rnn(returnSequences: boolean): Layer {
    if (this.chance(0.3)) return this.#own(returnSequences);
    const cell = this.chance(0.5) ? this.#cell() : ([this.#cell(), this.#cell()] as never);
    const goBackwards = this.chance(0.25);
    const made = layers.rnn({ cell, returnSequences, goBackwards });
    const names = [cell].flat().map((each) => (each as unknown as Layer).getClassName());
    this.#named.set(made, `rnn(${shown({ cell: names, returnSequences, goBackwards })})`);
    return made;
  }

  #bidirectional(returnSequences: boolean, returnState: boolean): Layer {
    const mergeMode = this.pick(["concat", "sum", "ave", "mul", null] as const);
    const isStock = this.chance(0.25);
    const args = { units: this.int(1, 2), returnSequences, ...(returnState && { returnState }) };
    const layer = isStock
      ? // Its orthogonal start calls methods that tensors of tfjs-core alone do not have.
        stock.gru({
          ...args,
          recurrentActivation: "sigmoid",
          recurrentInitializer: "glorotUniform",
        })
      : this.#own(returnSequences, returnState ? { returnState } : {});
    if (isStock) this.#exact = false;
    const made = isStock
      ? stock.bidirectional({ layer: layer as never, mergeMode: mergeMode as never })
      : layers.bidirectional({ layer: layer as Recurrent, mergeMode });
    const what = this.#named.get(layer) ?? `tf.gru(${shown(args)})`;
    this.#named.set(made, `${isStock ? "tf." : ""}bidirectional(${what}, ${mergeMode})`);
    return made;
  }

  /** TimeDistributed layers around what takes a step. */
  #around(step: number[]): (() => Layer)[] {
    const around = (part: Layer): Layer => {
      const isStock = this.chance(0.3);
      if (isStock) this.#exact = false;
      const made = isStock
        ? stock.timeDistributed({ layer: part })
        : layers.timeDistributed({ layer: part });
      const what = this.#named.get(part) ?? part.name;
      this.#named.set(made, `${isStock ? "tf." : ""}timeDistributed(${what})`);
      return made;
    };
    const small = [
      this.of("dense", { units: this.int(1, 3) }),
      this.of("dropout", { rate: 0.5 }),
      this.of("layerNormalization", {}),
      this.of("batchNormalization", {}),
      this.of("activation", { activation: "tanh" }),
      () => this.#part(step),
    ];
    const parts = step.length > 1 ? [...small, ...this.#recurrences(true), ...wide(this)] : small;
    return [() => around(this.#single(this.#chosen(parts)))];
  }

  /** A layer of one output in the place of one that has several. */
  #single(layer: Layer): Layer {
    const { returnState, mergeMode } = layer.getConfig() as {
      returnState?: boolean;
      mergeMode?: unknown;
    };
    const { layer: part } = layer.getConfig() as { layer?: { config?: { returnState?: boolean } } };
    const isSingle = !returnState && mergeMode !== null && !part?.config?.returnState;
    return isSingle ? layer : layers.dense({ units: 2 });
  }

  /** A model to be a layer, of one input of this shape. */
  #part(shape: number[]): Layer {
    const x = input({ shape });
    const stack: Layer[] = [];
    let y = x;
    for (let steps = this.int(1, 2); steps > 0; steps--) {
      stack.push(this.#single(this.#layerFor(y.shape.slice(1) as number[], false)));
      y = stack.at(-1)!.apply(y) as SymbolicTensor;
    }
    const what = stack.map((each) => this.#named.get(each) ?? each.name).join(", ");
    const isSequential = this.chance(0.5);
    const made = isSequential
      ? sequential({ layers: [stock.inputLayer({ inputShape: shape }), ...stack] })
      : modelOf({ inputs: x, outputs: y });
    this.#named.set(made, `${isSequential ? "sequential" : "model"}(${what})`);
    return made;
  }

  /** A model that is a layer, of one or two tensors. */
  #nested(): void {
    const x = this.pick(this.#pool);
    const part = this.#part(x.shape.slice(1) as number[]);
    this.#on(x, part);
    const like = this.#pool.find((y) => y !== x && `${y.shape}` === `${x.shape}`);
    if (like) this.#on(like, part);
  }

  /** A recurrence that starts from states: those that another one gave, or vectors. */
  #stated(): boolean {
    const vector = this.#pool.find(({ shape }) => shape.length === 2 && shape[1]! < 4);
    const sequences = this.#pool.filter(({ shape }) => shape.length === 3);
    if (!vector || !sequences.length) return false;
    const x = this.pick(sequences);
    const layer = this.#recurrent(this.chance(0.6), this.chance(0.3), vector.shape[1]!);
    const { cell } = layer as Layer & { cell: { stateSize: number | number[] } };
    const states = [cell.stateSize].flat().map(() => vector);
    this.#on([x, ...states], layer);
    return true;
  }

  #merge(): boolean {
    const x = this.pick(this.#pool);
    const like = this.#pool.filter((y) => y !== x && `${y.shape}` === `${x.shape}`);
    const beside = this.#pool.filter(
      (y) => y !== x && y.shape.length === x.shape.length && y.shape.length === 3,
    );
    const choices: (() => boolean)[] = [];
    const merge = (name: string, given: SymbolicTensor[], args: Args = {}) => {
      choices.push(() => this.#on(given, this.#make(name, args)).length > 0);
    };
    if (like.length) {
      const given = this.chance(0.3) ? [x, this.pick(like), this.pick(like)] : [x, this.pick(like)];
      for (const name of ["add", "multiply", "average", "maximum", "minimum"]) merge(name, given);
      merge("concatenate", given);
      if (x.shape.length === 3) merge("concatenate", given, { axis: 1 });
      if (x.shape.length === 3) merge("dot", [x, like[0]!], { axes: this.pick([1, 2]) });
      if (x.shape.length === 2)
        merge("dot", [x, like[0]!], { axes: 1, normalize: this.chance(0.5) });
    }
    const wide = beside.filter((y) => y.shape[1] === x.shape[1]);
    if (wide.length) merge("concatenate", [x, this.pick(wide)]);
    const long = beside.filter((y) => y.shape[2] === x.shape[2]);
    if (long.length) merge("concatenate", [x, this.pick(long)], { axis: 1 });
    const flat = this.#pool.filter((y) => y.shape.length === 2 && y.shape[1] === x.shape[2]);
    if (x.shape.length === 3 && flat.length) {
      const given = this.chance(0.5) ? [x, this.pick(flat)] : [this.pick(flat), x];
      for (const name of ["add", "multiply", "maximum"]) merge(name, given);
    }
    return choices.length > 0 && this.pick(choices)();
  }

  #forSteps([S = 1, W = 1, F = 1]: number[]): (() => Layer)[] {
    return [
      ...this.#around([W, F]),
      ...this.#around([W, F]),
      this.of("reshape", { targetShape: [S, W * F] }),
      this.of("permute", { dims: [2, 1, 3] }),
    ];
  }
}

/** What takes sequences in a TimeDistributed. */
function wide(maker: Maker): (() => Layer)[] {
  return [
    maker.of("globalAveragePooling1d", {}),
    maker.of("globalMaxPooling1d", {}),
    maker.of("flatten", {}),
    maker.of("conv1d", { filters: 2, kernelSize: 2, padding: "same" }),
  ];
}

/** What takes tensors of any number of axes and keeps them. */
function* elementwise(maker: Maker, shape: number[]): Generator<() => Layer> {
  const activation = maker.pick(["tanh", "relu", "softmax", "hardSigmoid", "gelu", "softplus"]);
  yield maker.of("dense", {
    units: maker.int(1, 3),
    ...(maker.chance(0.5) && { activation: "tanh" }),
  });
  yield maker.of("dense", { units: maker.int(2, 3) });
  // tf.layers' hardSigmoid is another one.
  yield () => layers.activation({ activation: activation as never });
  yield maker.of("reLU", maker.chance(0.5) ? { maxValue: 1 } : {});
  yield maker.of("leakyReLU", { alpha: 0.2 });
  yield maker.of("elu", {});
  yield maker.of("prelu", shape.length > 1 && maker.chance(0.5) ? { sharedAxes: [1] } : {});
  yield maker.of("dropout", { rate: 0.5 });
  yield maker.of("gaussianNoise", { stddev: 0.5 });
  yield maker.of("gaussianDropout", { rate: 0.5 });
  yield maker.of("alphaDropout", { rate: 0.5 });
  if (shape.length === 2) yield maker.of("spatialDropout1d", { rate: 0.5 });
  if (shape.length === 2 && maker.chance(0.3))
    yield maker.of("softmax", { axis: maker.pick([1, -1]) });
  yield maker.of("rescaling", { scale: 0.5, offset: 0.1 });
  const axis = maker.pick(shape.length > 1 ? [-1, 1] : [-1]);
  yield maker.of("batchNormalization", {
    axis,
    scale: maker.chance(0.8),
    center: maker.chance(0.8),
  });
  yield maker.of("layerNormalization", {
    axis: shape.length > 1 ? maker.pick<number | number[]>([-1, 1, [1, 2]]) : -1,
  });
}

/** Whether a layer, or one in it, takes axes away that a mask may have. */
function isNarrowing(layer: Layer, from: number, to: number): boolean {
  const { layers: parts = [] } = layer as unknown as { layers?: Layer[] };
  const isLess = layer.getClassName() === "TimeDistributed" && from > 3 && to < from;
  const axes = ({ inputShapes, outputShapes }: Node): [number, number] => [
    [inputShapes[0]].flat().length,
    [outputShapes[0]].flat().length,
  ];
  return (
    isLess ||
    parts.some((part) => part.inboundNodes.some((node) => isNarrowing(part, ...axes(node))))
  );
}

/** tfjs-layers goes step by step where ours is one operation: other roundings. */
const steppedIn = new Set(["simpleRNN", "lstm", "gru"]);
const gated = new Set(["lstm", "gru"]);

function shown(args: Args): string {
  return JSON.stringify(args);
}
