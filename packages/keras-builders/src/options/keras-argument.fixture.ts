import { type Check, numbers, type Outcome } from "../keras-case.fixture.ts";

/** What other layers do in Keras's place, and in a few words how. */
export type Recorded = readonly [Outcome, string?];

/** One argument of Keras, and who has it. */
export interface Argument {
  /** Keras's name. */
  name: string;
  /** Keras's default. */
  keras: string;
  /** Keras's classes that have it. */
  of: readonly string[];
  /** Of one of those classes: throws unless the argument does what it does in Keras. */
  check: (kind: string) => Check;
  /** What stock tfjs-layers does, of all classes or of each; as Keras where nothing is said. */
  stock?: Recorded | Readonly<Record<string, Recorded>>;
  /** Stock's own defaults are at test. */
  bare?: boolean;
  /** What these layers do if not what Keras does. */
  rnnkit?: Recorded;
  /** What holds only so far. */
  limit?: string;
  note?: string;
}

/** Arguments that a table shows together. */
export interface Section {
  title: string;
  arguments: readonly Argument[];
}

type Rest = Partial<Omit<Argument, "name" | "keras" | "of">>;
/** A row; what it says of a class is Keras's number of that name unless it brings a check. */
export function argumentsOf(...of: string[]) {
  return (name: string, keras: string, rest: Rest = {}): Argument => ({
    ...{ name, keras, of },
    check: (kind) => numbers(kind, name),
    ...rest,
  });
}
