// Which endpoint a request is for, what guards it, and how refusals are written.

import { type Context, Hono } from 'hono';
import { anthropicError } from './anthropic/anthropic-error.js';
import type { TrackedCall } from './calls.js';
import type { Endpoint } from './endpoints/endpoint.js';
import { endpoints } from './endpoints/endpoints.js';
import type { Guard } from './guard/guard.js';
import { pageEndpoints } from './page.js';
import type { PageFiles } from './page-files.js';
import type { ServerContext } from './server-options.js';
import { errorBody, HttpError, toHttpError } from './wire/http-error.js';

/** Requests come with their calls. */
export type AppEnv = { readonly Bindings: { readonly call: TrackedCall } };

/** Seconds for which a browser need not ask again whether a page may call. */
const PREFLIGHT_SECONDS = 600;

export function createApp(context: ServerContext, guard: Guard, page: PageFiles): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const all = [...endpoints, ...pageEndpoints(page)];
  app.use(async (c, next) => {
    guard.checkCaller(c.req.raw.headers, c.req.url);
    await next();
    const origin = c.req.header('origin');
    if (origin === undefined) return;
    // The page may read the answer, as it passed the guard.
    c.res.headers.set('access-control-allow-origin', origin);
    c.res.headers.set('access-control-expose-headers', 'x-request-id, request-id, retry-after');
    c.res.headers.set('vary', 'origin');
  });
  for (const endpoint of all) app.on(endpoint.method, routeOf(endpoint), (c) => answer(endpoint, c));
  for (const endpoint of all) app.all(routeOf(endpoint), (c) => answerOtherMethod(endpoint, c));
  app.notFound((c) => {
    throw new HttpError(404, 'not_found', `${c.req.method} ${c.req.path}: there is no such endpoint`);
  });
  app.onError((error, c) => {
    c.env.call.fail(error);
    const refusal = toHttpError(error);
    const body = isAnthropic(c.req.path) ? anthropicError(refusal) : errorBody(refusal);
    return Response.json(body, { status: refusal.status, headers: refusal.headers });
  });
  return app;

  async function answer({ needsKey, handle }: Endpoint, c: Context<AppEnv>): Promise<Response> {
    const { call } = c.env;
    guard.checkOpen();
    if (needsKey) guard.checkKey(c.req.raw.headers);
    call.setName(c.req.param('name') ?? '');
    return handle(context, call);
  }
}

/** Whether the endpoint of a path refuses in Anthropic's words; a path of no endpoint has OpenAI's. */
function isAnthropic(path: string): boolean {
  return endpoints.some((endpoint) => endpoint.path === path && endpoint.errors === 'anthropic');
}

function routeOf({ path }: Endpoint): string {
  // Names of models may hold slashes.
  return path.replace(/:\w+/, '$&{.+}');
}

/** A browser asks by OPTIONS, without a key, whether a page may call. */
function answerOtherMethod({ method, path }: Endpoint, c: Context<AppEnv>): Response {
  const allow = `${method}, OPTIONS`;
  if (c.req.method !== 'OPTIONS') {
    throw new HttpError(405, 'method_not_allowed', `${c.req.method} ${path}, expected ${method}`, {
      headers: { allow },
    });
  }
  const headers = {
    allow,
    'access-control-allow-methods': method,
    'access-control-allow-headers': c.req.header('access-control-request-headers') ?? 'authorization, content-type',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  };
  return new Response(null, { status: 204, headers });
}
