import { isObject, type JsonObject, own } from "../keras/json-text.ts";
import type { Json } from "../keras/layer-classes.ts";

// What tfjs-layers does to join a model takes time in proportion to the square of each of these.
const mostLayers = 5_000;
const mostCalls = 10_000;
const mostInputs = 20_000;
const mostInputsOfCall = 1_000;

/**
 * Counts the layers of a model and of those in it, their calls, and the inputs of these, before any is made.
 *
 * @throws for more than any model has: 5,000 layers, 10,000 calls, 20,000 inputs, 1,000 of one call.
 */
export function checkModelSize(who: string, json: JsonObject): void {
  let [layers, calls, inputs] = [0, 0, 0];
  const expectMost = (most: number, what: string, got: number): void => {
    if (got > most) throw new Error(`${who}: expected at most ${most} ${what}, got ${got}`);
  };
  const open: Json[] = [json];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each === "object") open.push(each);
      continue;
    }
    if (!isObject(value)) continue;
    for (const [key, part] of Object.entries(value)) {
      if (key !== "inbound_nodes") {
        if ((key === "layers" || key === "cells") && Array.isArray(part)) layers += part.length;
        if (typeof part === "object") open.push(part);
        continue;
      }
      if (!Array.isArray(part)) continue;
      calls += part.length;
      for (const call of part) {
        const own = inputsOf(call);
        expectMost(mostInputsOfCall, "inputs of a call of a layer", own);
        inputs += own;
      }
    }
  }
  expectMost(mostLayers, "layers", layers);
  expectMost(mostCalls, "calls of layers", calls);
  expectMost(mostInputs, "inputs of layers", inputs);
}

/** How many tensors a call is given: as Keras 3 writes them, or as lists of a layer's name and two numbers. */
function inputsOf(call: Json): number {
  let count = 0;
  const open: Json[] = [call];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) {
      if (typeof value[0] === "string" && typeof value[1] === "number") count++;
      for (const each of value) if (typeof each === "object") open.push(each);
    } else if (isObject(value)) {
      if (own(value, "keras_history") !== undefined) count++;
      else for (const each of Object.values(value)) if (typeof each === "object") open.push(each);
    }
  }
  return count;
}
