import { didYouMean, shown } from "@rnnkit/core-rnn";

/** `[timesteps, features]`; null where the number of time steps is free. */
export type InputShape = readonly [timesteps: number | null, features: number];

/** Refuses the bad arguments of one builder, by name, before anything is made. */
export interface Check {
  /** Whole numbers from 1. */
  counts(values: Record<string, number | readonly number[]>): void;
  /** Numbers above 0, where given. */
  positive(values: Record<string, number | undefined>): void;
  /** Numbers above 0. */
  aboveZero(values: Record<string, number>): void;
  /** Numbers from 0. */
  fromZero(values: Record<string, number>): void;
  /** Numbers from 0 to 1. */
  shares(values: Record<string, number>): void;
  /** *true* or *false*. */
  flags(values: Record<string, boolean>): void;
  /** `[timesteps, features]`. */
  inputShape(shape: InputShape): void;
  /** Dropout rates, from 0 to below 1. */
  rates(values: Record<string, number | readonly number[]>): void;
  /** One number for each of `layers` layers. */
  perLayer(name: string, values: readonly number[], layers: number): void;
  oneOf(name: string, value: unknown, allowed: readonly string[]): void;
}

/** @internal */
export function checking(who: string): Check {
  const refuse = (expected: string, got: unknown): never => {
    throw new Error(`${who}: expected ${expected}, got ${shown(got)}`);
  };
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  const isRate = (value: number): boolean => Number.isFinite(value) && value >= 0 && value < 1;
  const aboveZero = (name: string, value: unknown): void => {
    if (!Number.isFinite(value) || (value as number) <= 0) refuse(`${name} above 0`, value);
  };
  return {
    counts(values) {
      for (const [name, value] of Object.entries(values)) {
        if (![value].flat().every(isCount)) refuse(`${name} of whole numbers from 1`, value);
      }
    },
    positive(values) {
      for (const [name, value] of Object.entries(values)) {
        if (value !== undefined) aboveZero(name, value);
      }
    },
    aboveZero(values) {
      for (const [name, value] of Object.entries(values)) aboveZero(name, value);
    },
    fromZero(values) {
      for (const [name, value] of Object.entries(values)) {
        if (!Number.isFinite(value) || value < 0) refuse(`${name} from 0`, value);
      }
    },
    shares(values) {
      for (const [name, value] of Object.entries(values)) {
        if (!Number.isFinite(value) || value < 0 || value > 1) refuse(`${name} from 0 to 1`, value);
      }
    },
    flags(values) {
      for (const [name, value] of Object.entries(values)) {
        if (typeof value !== "boolean") refuse(`${name} to be true or false`, value);
      }
    },
    inputShape(shape) {
      const [timesteps, features] = Array.isArray(shape) && shape.length === 2 ? shape : [0, 0];
      if (!(timesteps === null || isCount(timesteps)) || !isCount(features)) {
        refuse("inputShape [timesteps, features] of whole numbers from 1", shape);
      }
    },
    rates(values) {
      for (const [name, value] of Object.entries(values)) {
        if (![value].flat().every(isRate)) refuse(`${name} from 0 to below 1`, value);
      }
    },
    perLayer(name, values, layers) {
      if (!Array.isArray(values) || values.length !== layers) {
        refuse(`${name} for ${layers} layers`, values);
      }
    },
    oneOf(name, value, allowed) {
      if (!allowed.includes(value as string)) {
        const got = `${shown(value)}${didYouMean(value, allowed)}`;
        const expected = `${name} to be one of ${allowed.join(", ")}`;
        throw new Error(`${who}: expected ${expected}, got ${got}`);
      }
    },
  };
}
