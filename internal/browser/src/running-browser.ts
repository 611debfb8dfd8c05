import type { PageServer } from "./server.ts";

type Answered = ReturnType<PageServer["answered"]>;

/** A browser of one process. */
export interface RunningBrowser {
  /** Opens an address, and gives what its page has **answered**. */
  visit(address: string, answered: Answered): Promise<string>;
  close(): Promise<void>;
}

/** What a page answers within so many seconds. */
export function within(seconds: number, answered: Answered): Answered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const complain = () => reject(new Error(`the page: no answer within ${seconds} s`));
    timer = setTimeout(complain, 1000 * seconds);
  });
  const limited = Promise.race([answered, limit]).finally(() => clearTimeout(timer));
  // A browser that does not start has said so by then.
  limited.catch(() => undefined);
  return limited;
}
