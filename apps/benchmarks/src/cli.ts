#!/usr/bin/env node
import "./relaxed-simd.ts";
import process from "node:process";
import { runCommandLine } from "./command-line.ts";
import { endQuietlyOnBrokenPipe } from "./terminal.ts";

endQuietlyOnBrokenPipe(process.stdout);
process.exitCode = await runCommandLine(process.argv.slice(2));
