import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

const project = join(inject("projects"), "all");

test("worker threads of the engine do not keep a process alive", async () => {
  const script = join(project, "threads.mjs");
  writeFileSync(
    script,
    `import "@tensorflow/tfjs-backend-cpu";
     import * as tf from "@tensorflow/tfjs-core";
     import { getThreads, lstm, setThreads } from "@rnnkit/fused-rnn";
     setThreads(3);
     const x = tf.ones([64, 100, 32]);
     const weights = { kernel: tf.ones([32, 128]), recurrentKernel: tf.zeros([32, 128]) };
     for (let call = 0; call < 5; call++) {
       lstm(x, weights);
       await new Promise((resolve) => setTimeout(resolve, 20));
     }
     console.log(getThreads());`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [script], {
    cwd: project,
    timeout: 60_000,
  });
  expect(stdout).toContain("3");
});
