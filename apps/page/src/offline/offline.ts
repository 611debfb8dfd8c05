import { signal } from "@preact/signals";

/** What this visit may count on without a network: *ready* is everything; *none* where the browser keeps nothing. */
export const offlineState = signal<"none" | "loading" | "ready">("none");

/** Whether a newer build waits for the next visit. */
export const hasUpdate = signal(false);

const reloadKey = "rnnkit.isolated";

/**
 * Keeps the built page for visits without a network, once it has loaded. The answers of the service worker also isolate
 * the page, which threads need and few static servers do: a page that is not yet isolated is loaded anew, once a
 * visit at most, and only as long as the visitor has touched nothing; else the next visit is isolated.
 */
export async function startOffline(): Promise<void> {
  // Of secure contexts alone: https or localhost.
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const wasTouched = firstTouch();
  offlineState.value = "loading";
  try {
    const address = new URL("service-worker.js", document.baseURI);
    const registration = await serviceWorker.register(address, { scope: "./" });
    // A visitor who holds Shift at reloading is not answered by it; it then takes no control either.
    const isNew = registration.active === null;
    const follow = () => {
      hasUpdate.value = registration.waiting !== null && registration.active !== null;
    };
    registration.addEventListener("updatefound", () =>
      registration.installing?.addEventListener("statechange", follow),
    );
    follow();
    await Promise.race([serviceWorker.ready, refused(registration.installing)]);
    if (isNew) await controlled(serviceWorker);
    offlineState.value = "ready";
  } catch {
    // Private windows and full disks refuse it, and so does a file of another build; the page works all the same.
    offlineState.value = "none";
    return;
  }
  if (!crossOriginIsolated && !wasTouched() && firstTry()) location.reload();
}

/** Tells whether a visitor has pressed or dropped anything since. */
function firstTouch(): () => boolean {
  let touched = false;
  for (const kind of ["pointerdown", "keydown", "input", "drop", "wheel"] as const) {
    const note = () => {
      touched = true;
    };
    addEventListener(kind, note, { once: true, capture: true, passive: true });
  }
  return () => touched;
}

// Where nothing can be remembered, nothing is loaded twice.
function firstTry(): boolean {
  try {
    if (sessionStorage.getItem(reloadKey) !== null) return false;
    sessionStorage.setItem(reloadKey, "tried");
    return sessionStorage.getItem(reloadKey) !== null;
  } catch {
    return false;
  }
}

/** Rejects when a file could not be kept. */
function refused(installing: ServiceWorker | null): Promise<never> {
  return new Promise((_, reject) =>
    installing?.addEventListener("statechange", () => {
      if (installing.state === "redundant") reject(new Error("offline: not installed"));
    }),
  );
}

function controlled(serviceWorker: ServiceWorkerContainer): Promise<unknown> | undefined {
  if (serviceWorker.controller) return undefined;
  return new Promise((resolve) =>
    serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
  );
}
