// Keeps the files of the page and answers with them when the server does not. What the server says comes first, so that the
// page is always that of the server that runs, and nothing but these files is ever kept. A host may let browsers keep files for
// a time: they are asked for all the same, or a new page would have scripts of a former one. Each has the headers that isolate
// the page, also where the host sends none.

/** Set by the build: the paths of the files from the page's folder on, and a digest of them. */
declare const SHELL_FILES: readonly string[];
declare const SHELL_DIGEST: string;

/** What a service worker has, in as far as this one uses it: the compiler knows the page's globals alone. */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends WorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Worker {
  addEventListener(type: 'install' | 'activate', listener: (event: WorkerEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

const worker = self as unknown as Worker;
const PREFIX = 'llama-ts-page-';
const CACHE = `${PREFIX}${SHELL_DIGEST}`;
const addresses: ReadonlySet<string> = new Set(SHELL_FILES.map((path) => new URL(path, location.href).pathname));
/** They let threads of the page share memory, and have the browser ask here each time: it would keep scripts in memory too. */
const added = {
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

worker.addEventListener('install', (event) => {
  event.waitUntil(keepFiles());
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(forgetFormer());
});

worker.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== location.origin || !addresses.has(pathname)) return;
  event.respondWith(
    fetch(event.request, { cache: 'no-cache' })
      .catch(() => keptFile(pathname))
      .then(withHeaders),
  );
});

async function keepFiles(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(Array.from(addresses, (path) => new Request(path, { cache: 'reload' })));
  await worker.skipWaiting();
}

async function forgetFormer(): Promise<void> {
  const names = await caches.keys();
  const former = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(former.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function keptFile(path: string): Promise<Response> {
  return (await caches.match(path)) ?? Response.error();
}

function withHeaders(response: Response): Response {
  const { status, statusText, body } = response;
  // An error has no status, and a redirect is followed by the browser itself.
  if (status === 0 || response.type === 'opaqueredirect') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(added)) headers.set(name, value);
  return new Response(body, { status, statusText, headers });
}
