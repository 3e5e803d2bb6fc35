// Whether the answerer is there, asked now and then: more often while it is not.

import { type Answerer, AnswererError, type AnswererFacts } from '../answerer/answerer.js';
import type { ConnectionStatus } from './page-state.js';

export interface Connection {
  /** Asks now. */
  check(): Promise<void>;
  /** Says what a request found out. */
  report(status: ConnectionStatus): void;
}

const UP_MS = 15_000;
const DOWN_MS = 2000;

/** @param onChange told of the status, and of the model where it is known */
export function createConnection(
  answerer: () => Answerer,
  onChange: (status: ConnectionStatus, model: AnswererFacts | null) => void,
): Connection {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nChecks = 0;

  const connection: Connection = {
    async check() {
      const check = ++nChecks;
      clearTimeout(timer);
      const [status, model] = await ask();
      // A later question, perhaps with another key, has the last word.
      if (check !== nChecks) return;
      onChange(status, model);
      plan(status);
    },
    report(status) {
      nChecks++;
      onChange(status, null);
      plan(status);
    },
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void connection.check();
  });
  return connection;

  function plan(status: ConnectionStatus): void {
    clearTimeout(timer);
    // With a wrong key, or without a model, there is nothing to wait for. A hidden page asks when it becomes visible.
    if (status === 'key' || status === 'absent') return;
    timer = setTimeout(() => !document.hidden && void connection.check(), status === 'up' ? UP_MS : DOWN_MS);
  }

  async function ask(): Promise<[ConnectionStatus, AnswererFacts | null]> {
    try {
      return ['up', await answerer().describe()];
    } catch (error) {
      const kind = error instanceof AnswererError ? error.kind : 'failed';
      return [kind === 'key' || kind === 'absent' ? kind : 'down', null];
    }
  }
}
