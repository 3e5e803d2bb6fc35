// Has the browser keep the page, so that it opens while the server is down.

/** Does nothing on a page from another machine without TLS, where browsers keep no page. */
export function registerOffline(): void {
  // Without it the page works all the same.
  navigator.serviceWorker?.register('/service-worker.js').catch(() => undefined);
}
