// The socket under a server: listening, limits on slow and large requests, and closing.

import type { Server } from 'node:http';
import type { ListenOptions } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { reasonOf, ToolkitError } from '@llama-ts/base';
import type { ApiServer } from '@llama-ts/server';

/** Where a server listens. */
export interface Listener {
  /** URL to open, or the path of a socket. */
  readonly address: string;
  /** Takes no more connections; resolves when the last one has ended. */
  close(): Promise<void>;
  /** Ends connections whatever they do. */
  endConnections(): void;
}

/** Where to listen: on an address and port, or on a socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Longest headers: keys and cookies fit, floods do not. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Time a client has to send the headers of a request; a slower one loses its connection. */
const HEADERS_MS = 10_000;
/** And with its whole request: 8 MiB at 140 kB/s. */
const REQUEST_MS = 60_000;
/** How often both are looked at. */
const CHECK_MS = 1000;
/** More than any number of clients that one model can answer. */
const MAX_CONNECTIONS = 4096;

/** @throws ToolkitError `CANNOT_LISTEN` */
export async function listen(api: ApiServer, place: Place): Promise<Listener> {
  const server = createAdaptorServer({
    fetch: (request: Request) => api.fetch(request),
    overrideGlobalObjects: false,
    serverOptions: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
  }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  await start(server, place);
  return {
    address: addressOf(server, place),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    },
    endConnections: () => server.closeAllConnections(),
  };
}

function start(server: Server, place: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = 'path' in place ? place.path : `${place.host}, port ${place.port}`;
      reject(new ToolkitError('CANNOT_LISTEN', `cannot listen on ${where}: ${reasonOf(cause)}`, { cause }));
    });
    server.listen(place, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function addressOf(server: Server, place: Place): string {
  if ('path' in place) return place.path;
  const found = server.address();
  const port = typeof found === 'object' && found !== null ? found.port : place.port;
  return `http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${port}`;
}
