// What every cache must do, for tests only: run in Node by `cache.test.ts` and in Chromium by
// `browser.test.ts`. Each case throws when it does not hold.
import type { Cache } from "./platform.ts";

const most = 1 << 20;

export const cacheCases: Record<string, (cache: Cache) => Promise<void>> = {
  async "a key never written has no bytes"(cache) {
    expectSame(await cache.read("never.npz", most), undefined);
  },
  async "what was written is read, and written again replaces it"(cache) {
    await cache.prepare();
    await cache.write("a.npz", Uint8Array.of(1, 2, 3));
    expectSame(await cache.read("a.npz", most), [1, 2, 3]);
    await cache.write("a.npz", Uint8Array.of(4));
    expectSame(await cache.read("a.npz", most), [4]);
  },
  async "keys are apart"(cache) {
    await cache.write("b.npz", Uint8Array.of(1));
    await cache.write("b.json", Uint8Array.of(2));
    expectSame(await cache.read("b.npz", most), [1]);
    expectSame(await cache.read("b.json", most), [2]);
  },
  async "more bytes than the limit are not handed out"(cache) {
    await cache.write("c.npz", new Uint8Array(100));
    expectSame(await cache.read("c.npz", 99), undefined);
    expectSame((await cache.read("c.npz", 100))?.length, 100);
  },
  async "what was removed is gone, and removing nothing is no error"(cache) {
    await cache.write("d.npz", Uint8Array.of(1));
    await cache.remove("d.npz");
    await cache.remove("d.npz");
    expectSame(await cache.read("d.npz", most), undefined);
  },
  async "changing given or handed-out bytes changes nothing kept"(cache) {
    const given = Uint8Array.of(1, 2);
    await cache.write("e.npz", given);
    given[0] = 9;
    const read = await cache.read("e.npz", most);
    read![1] = 9;
    expectSame(await cache.read("e.npz", most), [1, 2]);
  },
  async "many writers at once leave one whole file"(cache) {
    const sizes = [10_000, 20_000, 30_000, 40_000];
    const write = (size: number) => cache.write("f.npz", new Uint8Array(size).fill(size / 10_000));
    await Promise.all([...sizes, ...sizes].map(write));
    const kept = await cache.read("f.npz", most);
    expectSame(sizes.includes(kept!.length), true);
    expectSame(
      kept!.every((byte) => byte === kept!.length / 10_000),
      true,
    );
  },
};

function expectSame(got: unknown, expected: unknown): void {
  const plain = got instanceof Uint8Array ? Array.from(got) : got;
  if (JSON.stringify(plain) !== JSON.stringify(expected))
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(plain)}`);
}
