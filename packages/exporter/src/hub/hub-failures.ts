// The error of each failure of a hub, and what the user can do about it.

import { ToolkitError } from '@llama-ts/base';
import { type Connection, DEFAULT_ENDPOINT } from './connection.js';
import { redactText, redactUrl } from './redact.js';

/** Where tokens are made and given rights. */
const TOKENS_PAGE = 'https://huggingface.co/settings/tokens';

/** A failure worth another try. When tries run out, `error` is what the user gets. */
export class RetryableFailure extends Error {
  readonly error: ToolkitError;
  /** The delay that the hub asked for, if any. */
  readonly retryAfterMs: number | undefined;

  constructor(error: ToolkitError, retryAfterMs?: number) {
    super(error.message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The object of a request, for messages. */
export interface RequestSubject {
  readonly repo: string;
  readonly revision: string;
  /** null for requests about the repository itself. */
  readonly path: string | null;
}

/** The error of an answer that is no success. */
export function statusFailure(
  connection: Connection,
  { repo, revision, path }: RequestSubject,
  response: Response,
  url: URL,
): ToolkitError | RetryableFailure {
  const { status, headers } = response;
  const reason = headers.get('x-error-code');
  const text = redactText(headers.get('x-error-message') ?? '', connection.token);
  const where = path === null ? repo : `${repo}/${path}`;
  const said = `${where}: the hub answered ${status}${text === '' ? '' : ` (${text})`}`;
  const page = `${connection.endpoint}/${repo}`;
  if (reason === 'GatedRepo') {
    return new ToolkitError('HUB_GATED', `${said}: the repository is gated and this account has no access to it`, {
      suggestions: [
        `ask for access at ${page}, then run the same command again`,
        connection.token === undefined
          ? 'with a token of an account that has access: export HF_TOKEN=TOKEN'
          : `with a token that may read gated repositories, from ${TOKENS_PAGE}: export HF_TOKEN=TOKEN`,
      ],
    });
  }
  if (reason === 'RevisionNotFound') {
    return new ToolkitError('HUB_REVISION_NOT_FOUND', `${said}: no revision ${JSON.stringify(revision)}`, {
      suggestions: [
        'take the default: --revision main',
        `take one of those listed at ${page}/tree/main: --revision REVISION`,
      ],
    });
  }
  if (reason === 'EntryNotFound') return fileNotFound(connection, repo, revision, path ?? '');
  if (status === 401 && (reason !== 'RepoNotFound' || /credentials/i.test(text))) {
    return new ToolkitError('HUB_UNAUTHORIZED', `${said}, expected a valid token`, {
      suggestions: [
        `with a valid token, from ${TOKENS_PAGE}: export HF_TOKEN=TOKEN`,
        ...(connection.token === undefined ? [] : ['without a token, for a public repository: unset HF_TOKEN']),
      ],
    });
  }
  if (reason === 'RepoNotFound' || (status === 404 && path === null)) {
    return new ToolkitError('HUB_REPO_NOT_FOUND', `${said}: no such repository, or a private one`, {
      suggestions: [
        `correct its name, if there is no page at ${page}`,
        'if it is private, with a token of an account that may read it: export HF_TOKEN=TOKEN',
      ],
    });
  }
  if (status === 404) return fileNotFound(connection, repo, revision, path ?? '');
  const waitMs = retryAfterMs(headers.get('retry-after'), connection.clock.now());
  const asked = waitMs === undefined ? '' : `, and asks to wait ${Math.ceil(waitMs / 1_000)} s`;
  if (status === 429) {
    const error = new ToolkitError('HUB_RATE_LIMITED', `${said}: too many requests${asked}`, {
      suggestions: [
        'wait a few minutes, then run the same command again',
        ...(connection.token === undefined ? ['a token raises the limit: export HF_TOKEN=TOKEN'] : []),
      ],
    });
    return new RetryableFailure(error, waitMs);
  }
  // A refusal by another server than the hub means that a signed address expired: the next try gets a new one.
  if (status === 408 || status >= 500 || url.origin !== connection.origin) {
    const error = new ToolkitError('HUB_UNAVAILABLE', `${said} from ${url.host}${asked}`, {
      suggestions: [
        'wait until it is in service again (https://status.huggingface.co), then run the same command again',
      ],
    });
    return new RetryableFailure(error, waitMs);
  }
  if (status === 403) {
    return new ToolkitError('HUB_FORBIDDEN', `${said}: access denied`, {
      suggestions: [`with a token that may read it, from ${TOKENS_PAGE}: export HF_TOKEN=TOKEN`],
    });
  }
  return badResponse(said);
}

/** A file that the commit lacks. */
export function fileNotFound(connection: Connection, repo: string, revision: string, path: string): ToolkitError {
  const message = `${repo}/${path}: no such file at revision ${revision}`;
  return new ToolkitError('HUB_FILE_NOT_FOUND', message, {
    suggestions: [
      `choose a repository or a revision that has it; this one is at ${connection.endpoint}/${repo}/tree/${revision}`,
    ],
  });
}

/** An answer that a hub does not give. */
export function badResponse(message: string, cause?: unknown): ToolkitError {
  return new ToolkitError('HUB_BAD_RESPONSE', message, {
    suggestions: [
      'where a proxy or a login page answers, sign in there, then run the same command again',
      `take the usual hub: export HF_ENDPOINT=${DEFAULT_ENDPOINT}`,
    ],
    cause,
  });
}

/** Bytes that are not those the hub listed. */
export function corrupt(message: string): RetryableFailure {
  return new RetryableFailure(
    new ToolkitError('HUB_CORRUPT', message, {
      suggestions: ['nothing wrong was kept: run the same command again'],
    }),
  );
}

/** A connection that failed; a wrong certificate is final, as another try would find it again. */
export function networkFailure(connection: Connection, url: URL, cause: unknown): ToolkitError | RetryableFailure {
  const { code, message } = rootCause(cause);
  const reason = redactText(code ?? message, connection.token);
  const text = `${connection.repo}: ${redactUrl(url.origin)}: the connection failed: ${reason}`;
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS/.test(code ?? '')) {
    return new ToolkitError('HUB_NETWORK', `${text}, expected a certificate that this machine trusts`, {
      suggestions: ['behind a company proxy, with its certificate: export NODE_EXTRA_CA_CERTS=CA.pem'],
    });
  }
  // What fetch itself refuses, such as a port of another protocol, it would refuse on every retry.
  if (code === undefined && message === 'bad port') return networkError(`${text}, expected a port that fetch allows`);
  return new RetryableFailure(networkError(text));
}

/** A failure on the way to the hub. */
export function networkError(message: string): ToolkitError {
  return new ToolkitError('HUB_NETWORK', message, {
    suggestions: ['check the connection, then run the same command again'],
  });
}

/** Milliseconds that a Retry-After header asks for, in seconds or as a date. */
function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** fetch hides the socket's error below its own. */
function rootCause(error: unknown): { code: string | undefined; message: string } {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  const { code } = current as { code?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    message: current instanceof Error ? current.message : String(current),
  };
}
