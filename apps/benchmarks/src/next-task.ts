/** Resolves in the event loop's next turn, after what waits in it: Ctrl-C in a process, messages in a page. */
export function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (then: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) {
      setImmediate(() => resolve());
      return;
    }
    // A page's timers wait for 4 ms once they are nested.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
