// A server on the loopback that serves files as a test says: cut, changed, held, without ranges.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a file is served; a test changes it while it is served. */
export interface ServedFile {
  bytes: Uint8Array;
  etag: string | null;
  /** false answers every request with the whole file. */
  servesRanges: boolean;
  /** Bytes that are wrong on their way: how often still. */
  wrong: Map<number, number>;
  /** The connection is cut before these bytes, once each. */
  cuts: number[];
  /** Whether a cut is a reset, after which a client has less than was sent; else the connection ends early. */
  isReset: boolean;
  /** Called after a cut. */
  onCut: () => void;
  /** An answer that begins before this byte is not sent from there on; the connection stays open. */
  holdAt: number;
  /** Called when a response is held. */
  onHold: () => void;
  /** Answers instead of the file. */
  status: number;
  headers: Record<string, string>;
  /** What a request must have as its Authorization; null for nothing. */
  authorization: string | null;
  /** Ranges that were asked for, and how many bytes of each were sent. */
  readonly requests: {
    readonly method: string;
    readonly range: string | null;
    readonly ifRange: string | null;
    sent: number;
  }[];
}

/** A file that is served as it should be. */
export function servedFile(bytes: Uint8Array, changes: Partial<ServedFile> = {}): ServedFile {
  return {
    bytes,
    etag: '"first"',
    servesRanges: true,
    wrong: new Map(),
    cuts: [],
    isReset: false,
    onCut: () => {},
    holdAt: Number.POSITIVE_INFINITY,
    onHold: () => {},
    status: 200,
    headers: {},
    authorization: null,
    requests: [],
    ...changes,
  };
}

/** Serves what a function finds for a path; `null` is a 404. */
export interface FileServer {
  readonly origin: string;
  /** Files by their paths. */
  readonly files: Map<string, ServedFile>;
  /** Ends all connections, also those that are held. */
  cutConnections(): void;
  close(): void;
}

/** Bytes of one write. */
const PIECE_BYTES = 16 * 1024;

/** @param findOther answers paths that no file has: pages and scripts */
export async function startFileServer(
  findOther: (
    path: string,
  ) => Promise<{ readonly body: Uint8Array | string; readonly headers: Record<string, string> } | null>,
): Promise<FileServer> {
  const files = new Map<string, ServedFile>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const file = files.get(pathname);
    if (file !== undefined) return send(file, request, response);
    const other = await findOther(pathname);
    if (other === null) response.writeHead(404).end();
    else response.writeHead(200, other.headers).end(other.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    cutConnections: () => server.closeAllConnections(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function send(file: ServedFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { bytes, etag, servesRanges, status, headers } = file;
  const { range = null, 'if-range': ifRange = null } = request.headers as Record<string, string | undefined>;
  const entry = { method: request.method!, range, ifRange, sent: 0 };
  file.requests.push(entry);
  if (file.authorization !== null && request.headers.authorization !== file.authorization) {
    return void response.writeHead(401).end();
  }
  if (status !== 200) return void response.writeHead(status, headers).end('no');
  const match = servesRanges && (ifRange === null || ifRange === etag) ? /^bytes=(\d+)-(\d+)$/.exec(range ?? '') : null;
  const begin = match === null ? 0 : Number(match[1]);
  const end = match === null ? bytes.length : Math.min(bytes.length, Number(match[2]) + 1);
  if (begin >= bytes.length) return void response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
  response.writeHead(match === null ? 200 : 206, {
    'Content-Length': end - begin,
    'Content-Type': 'application/octet-stream',
    ...(etag === null ? {} : { ETag: etag }),
    ...(match === null ? {} : { 'Content-Range': `bytes ${begin}-${end - 1}/${bytes.length}` }),
    ...headers,
  });
  if (request.method === 'HEAD') return void response.end();
  for (let at = begin; at < end; ) {
    const cut = file.cuts.findIndex((offset) => offset >= at && offset < Math.min(end, at + PIECE_BYTES));
    const stop = Math.min(
      end,
      at + PIECE_BYTES,
      cut < 0 ? end : file.cuts[cut]!,
      begin < file.holdAt ? file.holdAt : end,
    );
    const piece = Uint8Array.from(bytes.subarray(at, stop)); // a copy: a Buffer's own slice is a view
    for (const [offset, times] of file.wrong) {
      if (offset < at || offset >= stop || times === 0) continue;
      piece[offset - at]! ^= 1;
      file.wrong.set(offset, times - 1);
    }
    if (piece.length > 0 && !response.write(piece)) await drained(response);
    if (response.destroyed) return;
    entry.sent += piece.length;
    at = stop;
    if (cut >= 0 && at === file.cuts[cut]) {
      file.cuts.splice(cut, 1);
      if (file.isReset) response.socket!.resetAndDestroy();
      else response.socket!.destroySoon();
      file.onCut();
      return;
    }
    if (begin < file.holdAt && at >= file.holdAt && at < end) {
      file.onHold();
      await once(response, 'close');
      return;
    }
    // Other events have their turn, so that pieces arrive apart.
    await new Promise(setImmediate);
  }
  response.end();
}

/** Resolves when more can be written, or when the client has closed the connection. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.once('drain', end).once('close', end);
  });
}
