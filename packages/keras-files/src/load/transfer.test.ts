// What a server or a connection does wrong is an error of ours, soon; what the caller ends, ends.
import "@tensorflow/tfjs-backend-cpu";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileBytes } from "../files.fixture.ts";
import * as browser from "../index.browser.ts";
import * as node from "../index.ts";

const bytes = fileBytes("file_simple_rnn.keras");
const size = { "content-length": bytes.length };
let closed = 0;

const answers: Record<string, (response: ServerResponse) => void> = {
  whole: (response) => response.writeHead(200, size).end(bytes),
  "unknown-size": (response) => {
    response.write(bytes.subarray(0, 5000));
    response.end(bytes.subarray(5000));
  },
  zipped: (response) => {
    const zipped = gzipSync(bytes);
    const headers = { "content-encoding": "gzip", "content-length": zipped.length };
    response.writeHead(200, headers).end(zipped);
  },
  slow: (response) => {
    response.writeHead(200, size);
    let at = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + 2000));
      at += 2000;
      if (at >= bytes.length) {
        clearInterval(timer);
        response.end();
      }
    }, 30);
  },
  part: (response) => {
    const range = { "content-range": `bytes 0-8999/${bytes.length}`, "content-length": 9000 };
    response.writeHead(206, range).end(bytes.subarray(0, 9000));
  },
  broken: (response) => {
    response.writeHead(200, size).write(bytes.subarray(0, 9000));
    setTimeout(() => response.destroy(), 50);
  },
  silent: () => {},
  stalled: (response) => {
    response.writeHead(200, size).write(bytes.subarray(0, 9000));
  },
  missing: (response) => response.writeHead(404).end("nothing here"),
  endless: (response) => {
    const piece = Buffer.alloc(65_536);
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      response.once("drain", more);
    };
    response.writeHead(200);
    more();
  },
};

const server = createServer((request, response) => {
  response.on("close", () => {
    if (!response.writableFinished) closed++;
  });
  answers[request.url!.slice(1)]!(response);
});
let url: (name: string) => string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = (name) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });

test.each(["whole", "unknown-size", "zipped", "slow"])("%s: the file", async (name) => {
  const loaded = await node.loadKerasModel(url(name), { stallTimeout: 5000 });
  expect(loaded.weights).toHaveLength(5);
});

const [cut, all] = [9000, bytes.length];
const failures: [string, RegExp, object?][] = [
  ["part", /: expected the whole file at http.*part, got a part \(status 206\)$/],
  [
    "broken",
    new RegExp(
      `: expected a whole file at http.*broken, got ${cut} of ${all} bytes and then none: `,
    ),
  ],
  ["missing", /: expected a file at http.*missing, got status 404$/],
  [
    "silent",
    /: expected a file at .*, got nothing for 200 ms \(stallTimeout\)$/,
    { stallTimeout: 200 },
  ],
  [
    "stalled",
    /: expected a whole file at .*, got nothing for 200 ms \(stallTimeout\)$/,
    { stallTimeout: 200 },
  ],
  [
    "endless",
    /: expected a file of at most 1000000 bytes \(maxBytes\), got more$/,
    { maxBytes: 1e6 },
  ],
];

test.each(failures)(
  "%s: an error that says so, and the connection is closed",
  async (name, message, options) => {
    for (const api of [node, browser]) {
      const before = closed;
      await expect(api.loadKerasModel(url(name), options)).rejects.toThrow(message);
      await expect(api.loadWeights(model, url(name), options)).rejects.toThrow(/^loadWeights: /);
      if (name !== "broken" && name !== "part" && name !== "missing") {
        await expect.poll(() => closed).toBe(before + 2);
      }
    }
  },
);

test("a signal ends what waits, with its reason, and the connection too", async () => {
  for (const name of ["silent", "stalled"]) {
    const before = closed;
    const controller = new AbortController();
    const loading = node.loadKerasModel(url(name), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 100);
    await expect(loading).rejects.toThrow(/^enough$/);
    await expect.poll(() => closed).toBe(before + 1);
  }
  for (const source of [bytes, new Blob([bytes.slice()]), url("whole"), "none.keras"]) {
    const signal = AbortSignal.abort(new Error("before"));
    await expect(node.loadKerasModel(source, { signal })).rejects.toThrow(/^before$/);
    await expect(node.loadWeights(model, source, { signal })).rejects.toThrow(/^before$/);
  }
});

test("limits that are no numbers above 0 are refused, and so is a signal that is none", async () => {
  for (const api of [node, browser]) {
    for (const name of ["maxBytes", "stallTimeout"]) {
      for (const value of [Number.NaN, 0, -1, "9", null]) {
        const options = { [name]: value };
        const message = `: expected ${name} to be a number above 0, got `;
        await expect(api.loadKerasModel(bytes, options)).rejects.toThrow(
          `loadKerasModel${message}`,
        );
        await expect(api.loadWeights(model, bytes, options)).rejects.toThrow(
          `loadWeights${message}`,
        );
      }
    }
    await expect(api.loadKerasModel(bytes, { signal: 5 as never })).rejects.toThrow(
      "loadKerasModel: expected signal to be an AbortSignal, got 5",
    );
    const unlimited = {
      maxBytes: Number.POSITIVE_INFINITY,
      stallTimeout: Number.POSITIVE_INFINITY,
    };
    expect((await api.loadKerasModel(url("whole"), unlimited)).weights).toHaveLength(5);
  }
});
