// The requests under way: each has a signal that ends what it holds, and a line in the log when it is over.

import type { JsonObject } from '@llama-ts/base';
import type { UsageBody } from './answer/tally.js';
import { type Call, clientLeft } from './call.js';
import type { ApiServerOptions, ServerContext } from './server-options.js';
import { readJson } from './wire/read-json.js';

/** A call as the server itself sees it. */
export interface TrackedCall extends Call {
  /** Sets {@link Call.name}. */
  setName(name: string): void;
  /** Says why it is refused. */
  fail(error: unknown): void;
  /** Says that there is a response; ends the call unless it goes on. */
  settle(status: number): void;
}

/** All of them. */
export interface Calls {
  begin(request: Request): TrackedCall;
  /** Ends all calls with an error. */
  abortAll(reason: unknown): void;
}

/** What calls are made with. */
export type CallsOptions = Pick<ServerContext, 'now' | 'createId' | 'maxBodyBytes'> & Pick<ApiServerOptions, 'log'>;

export function createCalls({ now, createId, maxBodyBytes, log }: CallsOptions): Calls {
  const live = new Set<Call>();

  return {
    begin(request) {
      const start = now();
      const id = createId();
      const controller = new AbortController();
      const onLeave = (): void => controller.abort(clientLeft());
      let name = '';
      let status = 200;
      let usage: UsageBody | undefined;
      let goesOn = false;
      let failure: unknown;
      const call: TrackedCall = {
        id,
        request,
        get name() {
          return name;
        },
        signal: controller.signal,
        async body(): Promise<JsonObject> {
          try {
            return await readJson(request, maxBodyBytes);
          } catch (error) {
            // The body of a client that leaves breaks off, which is no fault of the server.
            controller.signal.throwIfAborted();
            throw error;
          }
        },
        abort: (reason) => controller.abort(reason),
        setName(found) {
          name = found;
        },
        setUsage(counted) {
          usage = counted;
        },
        goOn() {
          goesOn = true;
        },
        fail(error) {
          failure = error;
        },
        settle(found) {
          status = found;
          if (!goesOn) call.end(failure);
        },
        end(error) {
          if (!live.delete(call)) return;
          request.signal.removeEventListener('abort', onLeave);
          log?.({
            time: start.toISOString(),
            id,
            method: request.method,
            path: new URL(request.url).pathname,
            status,
            milliseconds: now().getTime() - start.getTime(),
            ...(usage === undefined
              ? {}
              : { promptTokens: usage.prompt_tokens, answerTokens: usage.completion_tokens }),
            ...(error === undefined ? {} : { error: error instanceof Error ? error.message : String(error) }),
          });
        },
      };
      live.add(call);
      if (request.signal.aborted) onLeave();
      else request.signal.addEventListener('abort', onLeave);
      return call;
    },
    abortAll(reason) {
      for (const call of live) call.abort(reason);
    },
  };
}
