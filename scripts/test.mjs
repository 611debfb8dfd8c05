// @ts-check
// What CI runs, on a machine with only Node and npm: install, then verify.
import { install } from "./workspace.mjs";

install();
await import("./verify.mjs");
