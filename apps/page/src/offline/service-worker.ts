/// <reference lib="webworker" />
// Keeps one build of the page, whole, and answers from it, with or without a network. Names of chunks tell their
// content, so a page never gets parts of another build: what its own lacks is sought in those of before.

interface Build {
  /** Of all files: another file, another build. */
  id: string;
  /** Address relative to this script, and the digest that the file must have. */
  files: readonly (readonly [address: string, integrity: string])[];
}

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
// The plugin puts the build in the place of this string once all files are written.
const build = JSON.parse("%BUILD%") as Build;
const { scope } = worker.registration;
const ours = `rnnkit page ${scope} `;
const cacheName = ours + build.id;
const addresses = new Set(build.files.map(([file]) => new URL(file, scope).href));

// What lets a page share memory between threads, from whatever server it came. All it loads is of its own origin.
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", ({ data }) => {
  if (data === "take over") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET" || !url.startsWith(scope)) return;
  // The settings in the URL are the page's, not the file's.
  const address = url.replace(/[?#].*$/s, "");
  if (mode === "navigate") {
    const page = address === scope ? `${scope}index.html` : address;
    if (addresses.has(page)) event.respondWith(visited(page, event.request));
  } else {
    event.respondWith(answer(address, event.request));
  }
});

// A file of another build than this one, as while a new one is being uploaded, fails its digest, and the whole
// installation with it; the browser tries again at the next visit.
async function install(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll(
    build.files.map(
      ([file, integrity]) => new Request(new URL(file, scope), { integrity, cache: "no-cache" }),
    ),
  );
}

async function activate(): Promise<void> {
  await forgetOldBuilds();
  await worker.clients.claim();
}

// A second page may still be of an old build; then the old ones stay until a visit finds it gone.
async function forgetOldBuilds(): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.length > 1) return;
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(ours) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(address: string, request: Request): Promise<Response> {
  const names = (await caches.keys()).filter((name) => name.startsWith(ours));
  for (const name of [cacheName, ...names]) {
    const kept = await (await caches.open(name)).match(address);
    if (kept) return isolated(kept);
  }
  return fetch(request);
}

function isolated({ body, status, statusText, headers }: Response): Response {
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(isolation)) all.set(name, value);
  return new Response(body, { status, statusText, headers: all });
}

// In the place of the page until the newer build answers, at which it is visited again.
const interlude = `<!doctype html><meta name="color-scheme" content="light dark"><title>rnnkit</title><script>
navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
setTimeout(() => location.reload(), 3000);
</script>`;

let hasAsked = false;

// A newer build that waits takes over when the page is visited anew and at most one is open, which a reload replaces.
// It is asked once, so that one which does not come is no reason to load again and again.
async function visited(page: string, request: Request): Promise<Response> {
  const { waiting } = worker.registration;
  const pages = await worker.clients.matchAll({ type: "window" });
  if (waiting && !hasAsked && pages.length < 2) {
    hasAsked = true;
    waiting.postMessage("take over");
    return isolated(new Response(interlude, { headers: { "Content-Type": "text/html" } }));
  }
  return answer(page, request);
}
