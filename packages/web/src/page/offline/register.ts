// Has the browser keep the page, so that it opens while the server is down; and isolates a page whose host does not.

const RELOADED = 'llama-ts-reloaded';

/** Does nothing on a page from another machine without TLS, where browsers keep no page. */
export function registerOffline(): void {
  // Without it the page works all the same.
  navigator.serviceWorker
    ?.register('service-worker.js')
    .then(isolate)
    .catch(() => undefined);
}

/**
 * The service worker gives the page the headers that let threads share memory, which hold for a page that it answers: so
 * the page is loaded once more, at most once in a visit.
 */
async function isolate(): Promise<void> {
  if (crossOriginIsolated) return;
  await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller === null) {
    await new Promise((resolve) =>
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
    );
  }
  if (sessionStorage.getItem(RELOADED) !== null) return;
  sessionStorage.setItem(RELOADED, 'once');
  location.reload();
}
