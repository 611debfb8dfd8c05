#!/usr/bin/env node
import "./relaxed-simd.ts";
import process from "node:process";
import { runCommandLine } from "./commands/command-line.ts";
import { outliveReaders } from "./terminal/terminal.ts";

outliveReaders();
process.exitCode = await runCommandLine(process.argv.slice(2));
