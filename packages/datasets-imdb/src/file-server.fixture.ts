// A local HTTP server that misbehaves on order, for tests only.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FileServer {
  url: string;
  /** The Range header of each request so far, "" where there was none. */
  ranges: string[];
  close(): Promise<void>;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers request n by the n-th answer, and by the last one ever after. */
export async function serve(...answers: Answer[]): Promise<FileServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(String(request.headers.range ?? ""));
    answers[Math.min(ranges.length, answers.length) - 1]!(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/imdb.npz`,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The whole file, or the part that Range asks for. */
export function whole(bytes: Uint8Array): Answer {
  return (response, request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = { "content-length": bytes.length - from };
    if (from >= bytes.length) response.writeHead(416).end();
    else if (from > 0) {
      const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
      response.writeHead(206, { ...headers, "content-range": range }).end(bytes.subarray(from));
    } else response.writeHead(200, headers).end(bytes);
  };
}

/** The whole file, whatever Range asks for. */
export function wholeOnly(bytes: Uint8Array): Answer {
  return (response) => response.writeHead(200, { "content-length": bytes.length }).end(bytes);
}

/** The connection breaks after **length** bytes; deaf to Range. */
export function broken(bytes: Uint8Array, length: number): Answer {
  return (response) => {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, length));
    setTimeout(() => response.destroy(), 50);
  };
}

/** Nothing more comes after **length** bytes; deaf to Range. */
export function stalled(bytes: Uint8Array, length: number): Answer {
  return (response) => {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, length));
  };
}

/** The whole file in **pieces**, each some milliseconds after the other. */
export function slow(bytes: Uint8Array, pieces: number, milliseconds: number): Answer {
  return (response) => {
    response.writeHead(200, { "content-length": bytes.length });
    const size = Math.ceil(bytes.length / pieces);
    let at = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + size));
      at += size;
      if (at < bytes.length) return;
      clearInterval(timer);
      response.end();
    }, milliseconds);
  };
}

/** A bare status. */
export function status(code: number): Answer {
  return (response) => response.writeHead(code).end();
}
