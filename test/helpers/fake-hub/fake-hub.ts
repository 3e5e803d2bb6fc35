// A hub on 127.0.0.1 that answers as huggingface.co does, and misbehaves on demand.
//
// Large files are redirected to a second origin, as the hub redirects to its CDN; small ones to another path.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canaryToken } from '../canary.js';
import type { FakeCommit, FakeFile, FakeRepo } from './fake-repo.js';
import { type Fault, sendAnswer, sendBytes } from './faults.js';

/** A request as it came in. */
export interface FakeRequest {
  readonly kind: 'model' | 'tree' | 'resolve' | 'file' | 'other';
  readonly origin: string;
  /** Path and query. */
  readonly url: string;
  /** Path of the file; empty for other kinds. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Options of {@link startFakeHub}. */
export interface FakeHubOptions {
  readonly repos: Readonly<Record<string, FakeRepo>>;
  /** The one token that is accepted. */
  readonly token?: string;
  /** Tokens of accounts that may read nothing but what is public. */
  readonly otherTokens?: readonly string[];
  /** Fault of an answer; asked once a request, with how many of its kind and path came before. */
  readonly fault?: (request: FakeRequest, nBefore: number) => Fault | undefined;
  /** Called when a chunk of a file was sent; the next waits for it. */
  readonly onChunk?: (path: string) => Promise<void>;
  /** Default 64 KiB. */
  readonly chunkBytes?: number;
  /** Files of a page of a listing. Default 1,000. */
  readonly pageSize?: number;
  /** Whether pages of any origin may read its answers, as those of the real hub. Default false. */
  readonly allowsPages?: boolean;
}

/** A running hub. */
export interface FakeHub {
  readonly url: string;
  /** Origin of large files. */
  readonly cdnUrl: string;
  readonly requests: readonly FakeRequest[];
  /** Bytes of a file sent so far, all answers together. */
  servedBytes(path: string): number;
  stop(): Promise<void>;
}

/** Starts a hub on two free ports. */
export async function startFakeHub(options: FakeHubOptions): Promise<FakeHub> {
  const requests: FakeRequest[] = [];
  const served = new Map<string, number>();
  const { chunkBytes = 64 * 1024, pageSize = 1_000 } = options;
  let url = '';
  let cdnUrl = '';

  const answer = async (origin: string, request: IncomingMessage, response: ServerResponse) => {
    if (options.allowsPages === true) {
      allowPages(response);
      if (request.method === 'OPTIONS') return response.writeHead(204).end();
    }
    const target = new URL(request.url!, origin);
    const route = parseRoute(target);
    const { authorization, range } = request.headers;
    const seen: FakeRequest = { kind: route.kind, origin, url: request.url!, path: route.path, authorization, range };
    const nBefore = requests.filter(({ kind, path }) => kind === seen.kind && path === seen.path).length;
    requests.push(seen);
    const fault = options.fault?.(seen, nBefore);
    if (fault?.kind === 'status') return fail(response, fault.status, fault.headers);
    if (fault?.kind === 'answer')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(fault.body);
    // A careless hub repeats what it was sent.
    const echo = `Invalid credentials in Authorization header: ${authorization}`;
    const isKnown = options.token !== undefined && authorization === `Bearer ${options.token}`;
    // The run's own token opens nothing and is never refused.
    const isCanary = canaryToken !== '' && authorization === `Bearer ${canaryToken}`;
    const isOther = options.otherTokens?.some((token) => authorization === `Bearer ${token}`) ?? false;
    if (authorization !== undefined && !isKnown && !isCanary && !isOther)
      return fail(response, 401, { 'x-error-message': echo });
    const repo = options.repos[route.repo];
    const isHidden = repo?.access === 'private' && !isKnown && route.kind !== 'file';
    if (repo === undefined || isHidden) {
      return fail(response, isKnown ? 404 : 401, {
        'x-error-code': 'RepoNotFound',
        'x-error-message': 'Repository not found',
      });
    }
    const commitId = repo.revisions.get(route.revision) ?? route.revision;
    const commit = repo.commits.get(commitId);
    if (commit === undefined) return fail(response, 404, { 'x-error-code': 'RevisionNotFound' });
    if (route.kind === 'model')
      return json(response, {
        _id: '1',
        id: route.repo,
        sha: commitId,
        private: false,
        gated: false,
        downloads: 0,
        likes: 0,
        lastModified: '2024-09-18T00:00:00Z',
      });
    if (route.kind === 'tree') return sendTree(response, commit, target, pageSize);
    if (repo.access === 'gated')
      return fail(response, 403, {
        'x-error-code': 'GatedRepo',
        'x-error-message': `Access to ${route.repo} is restricted`,
      });
    const file = commit.get(route.path);
    if (file === undefined) return fail(response, 404, { 'x-error-code': 'EntryNotFound' });
    if (route.kind === 'resolve') {
      const prefix = file.isLarge ? cdnUrl : '';
      const location = `${prefix}/file/${route.repo}/${commitId}/${route.path}?X-Amz-Signature=secret-signature`;
      const status = file.isLarge ? 302 : 307;
      const etag = { [file.isLarge ? 'x-linked-etag' : 'etag']: `"${file.etag}"` };
      const right = { status, headers: { location, 'x-repo-commit': commitId, ...etag }, body: new Uint8Array(0) };
      return sendAnswer(response, fault?.kind === 'forge' ? fault.forge(right) : right);
    }
    response.setHeader('x-repo-commit', commitId);
    await sendFile(response, file, range, fault, {
      chunkBytes,
      async onServed(byteLength) {
        served.set(route.path, (served.get(route.path) ?? 0) + byteLength);
        await options.onChunk?.(route.path);
      },
    });
  };

  const listen = (server: Server) =>
    new Promise<string>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    );
  const hub: Server = createServer((request, response) => void answer(url, request, response));
  const cdn: Server = createServer((request, response) => void answer(cdnUrl, request, response));
  url = await listen(hub);
  cdnUrl = await listen(cdn);
  return {
    url,
    cdnUrl,
    requests,
    servedBytes: (path) => served.get(path) ?? 0,
    async stop() {
      for (const server of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

interface Route extends Pick<FakeRequest, 'kind' | 'path'> {
  readonly repo: string;
  readonly revision: string;
}

function parseRoute({ pathname }: URL): Route {
  const path = decodeURIComponent(pathname);
  const routes: readonly [Route['kind'], RegExp][] = [
    ['model', /^\/api\/models\/(?<repo>[^/]+\/[^/]+)\/revision\/(?<revision>.+)$/],
    ['tree', /^\/api\/models\/(?<repo>[^/]+\/[^/]+)\/tree\/(?<revision>[^/]+)$/],
    ['resolve', /^\/(?<repo>[^/]+\/[^/]+)\/resolve\/(?<revision>[^/]+)\/(?<path>.+)$/],
    ['file', /^\/file\/(?<repo>[^/]+\/[^/]+)\/(?<revision>[^/]+)\/(?<path>.+)$/],
  ];
  for (const [kind, pattern] of routes) {
    const { repo = '', revision = '', path: file = '' } = pattern.exec(path)?.groups ?? {};
    if (repo !== '') return { kind, repo, revision, path: file };
  }
  return { kind: 'other', repo: '', revision: '', path: '' };
}

async function sendFile(
  response: ServerResponse,
  { bytes, etag }: FakeFile,
  range: string | undefined,
  fault: Fault | undefined,
  { chunkBytes, onServed }: { readonly chunkBytes: number; readonly onServed: (byteLength: number) => Promise<void> },
): Promise<void> {
  const { byteLength } = bytes;
  if (fault?.kind === 'page') {
    const page = '<!doctype html><title>Sign in</title>'.padEnd(byteLength, ' ');
    const length = fault.hasLength ? { 'content-length': String(page.length) } : {};
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...length }).end(page);
    return;
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const isRange = first !== undefined && fault?.kind !== 'ignore-range';
  let start = isRange ? Number(first) : 0;
  if (isRange && start >= byteLength) {
    response.writeHead(416, { 'content-range': `bytes */${byteLength}` }).end();
    return;
  }
  const end = isRange && last ? Math.min(byteLength, Number(last) + 1) : byteLength;
  if (fault?.kind === 'shift-range') start = Math.max(0, start + fault.by);
  const honestEnd = fault?.kind === 'shorten' ? fault.atByte : end;
  const hasLength = !(fault?.kind === 'shorten' && !fault.isHonest) && fault?.kind !== 'lengthen';
  const status = isRange ? 206 : 200;
  const headers = {
    'content-type': 'application/octet-stream',
    etag: `"${etag}"`,
    ...(hasLength ? { 'content-length': String(honestEnd - start) } : {}),
    ...(isRange ? { 'content-range': `bytes ${start}-${end - 1}/${byteLength}` } : {}),
  };
  if (fault?.kind === 'forge') {
    sendAnswer(response, fault.forge({ status, headers, body: bytes.subarray(start, end) }));
    return;
  }
  response.writeHead(status, headers);
  await sendBytes(response, bytes.subarray(0, end), { start, chunkBytes, fault, onServed });
}

function sendTree(response: ServerResponse, commit: FakeCommit, target: URL, pageSize: number): void {
  const entries = [...commit].map(([path, { bytes, isLarge, etag }]) => ({
    type: 'file',
    path,
    size: bytes.byteLength,
    ...(isLarge
      ? { oid: '0'.repeat(40), lfs: { oid: etag, size: bytes.byteLength, pointerSize: 134 }, xetHash: 'f'.repeat(64) }
      : { oid: etag }),
  }));
  const from = Number(target.searchParams.get('cursor') ?? 0);
  const next = new URL(target);
  next.searchParams.set('cursor', String(from + pageSize));
  const hasMore = from + pageSize < entries.length;
  json(response, entries.slice(from, from + pageSize), hasMore ? { link: `<${next.href}>; rel="next"` } : {});
}

function allowPages(response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'authorization, range');
  response.setHeader('access-control-expose-headers', 'content-range, link, x-error-code, x-error-message');
}

function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"error":"refused"}');
}
