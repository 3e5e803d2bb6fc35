// Address, credentials and time limits of a hub: checked once, then passed to every request.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { redactUrl } from './redact.js';

/** The hub of Hugging Face. */
export const DEFAULT_ENDPOINT = 'https://huggingface.co';
/** A transfer that brings no byte for this long has stalled. */
const STALL_TIMEOUT_MS = 30_000;

/** Time, to be replaced in tests. */
export interface HubClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Options of everything that talks to a hub. */
export interface ConnectionOptions {
  /** The repository, which network errors name. */
  readonly repo: string;
  /** Default `https://huggingface.co`. */
  readonly endpoint?: string | undefined;
  /** Sent to the endpoint's own origin only. */
  readonly token?: string | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: HubClock | undefined;
  /** Returns numbers in [0, 1), which spread the retries of many clients. */
  readonly random?: (() => number) | undefined;
  /** Milliseconds without a byte until a transfer counts as stalled. Default 30,000. */
  readonly stallTimeoutMs?: number | undefined;
}

/** Bytes that have arrived through a connection; the number of retries depends on them. */
export interface Contact {
  /** Whether the hub has answered a request, with any status. */
  hasAnswered: boolean;
  /** Whether a byte of a transfer has arrived. */
  hasTransferred: boolean;
}

/** Checked {@link ConnectionOptions}. */
export interface Connection {
  readonly repo: string;
  /** The hub's address without a trailing slash. */
  readonly endpoint: string;
  readonly origin: string;
  readonly isLoopback: boolean;
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly clock: HubClock;
  readonly random: () => number;
  readonly stallTimeoutMs: number;
  readonly contact: Contact;
}

const SYSTEM_CLOCK: HubClock = {
  now: Date.now,
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, milliseconds);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
  },
};

/** @throws ToolkitError `BAD_ENDPOINT`, `BAD_TOKEN` */
export function openConnection(options: ConnectionOptions): Connection {
  const { token } = options;
  const endpoint = checkEndpoint(options.endpoint ?? DEFAULT_ENDPOINT);
  const isLoopback = isLoopbackHost(endpoint.hostname);
  // The value is not shown: without its wrong character it may be a valid token.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ToolkitError('BAD_TOKEN', 'the hub token is empty or has a space or control character, expected hf_…', {
      suggestions: [
        'copy it again from https://huggingface.co/settings/tokens: export HF_TOKEN=TOKEN',
        'go without, for public repositories: unset HF_TOKEN',
      ],
    });
  }
  if (token !== undefined && endpoint.protocol === 'http:' && !isLoopback) {
    throw new ToolkitError('BAD_ENDPOINT', `${endpoint.origin}: would get the token unencrypted, expected https://`, {
      suggestions: [
        `export HF_ENDPOINT=${shellQuote(`https://${endpoint.host}`)}`,
        'go without, for public repositories: unset HF_TOKEN',
      ],
    });
  }
  return {
    repo: options.repo,
    endpoint: endpoint.href.replace(/\/+$/, ''),
    origin: endpoint.origin,
    isLoopback,
    token,
    fetch: options.fetch ?? fetch,
    clock: options.clock ?? SYSTEM_CLOCK,
    random: options.random ?? Math.random,
    stallTimeoutMs: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
    contact: { hasAnswered: false, hasTransferred: false },
  };
}

/** Whether a host is this machine by name, so that nothing sent to it can be overheard. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function checkEndpoint(text: string): URL {
  let endpoint: URL | null = null;
  try {
    endpoint = new URL(text);
  } catch {
    // Reported below, without the URL class's message, which repeats a password.
  }
  const isPlain =
    endpoint !== null && endpoint.username === '' && endpoint.password === '' && endpoint.search + endpoint.hash === '';
  if (endpoint === null || !isPlain || !['http:', 'https:'].includes(endpoint.protocol)) {
    throw new ToolkitError(
      'BAD_ENDPOINT',
      `hub endpoint ${redactUrl(text)}: expected an address like ${DEFAULT_ENDPOINT}`,
      {
        suggestions: [`export HF_ENDPOINT=${DEFAULT_ENDPOINT}`, 'unset HF_ENDPOINT'],
      },
    );
  }
  return endpoint;
}
