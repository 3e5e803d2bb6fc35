// For tests: what Python's jinja2 renders, in the environment that transformers makes for chat templates.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A template and what it is rendered with. */
export interface OracleCase {
  readonly template: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly now: Date;
}

/** What it gives: text, or the name and message of a Python exception. */
export type OracleResult = { readonly text: string } | { readonly error: string; readonly message: string };

/** Debian's own Python first: .ci/install-tools puts jinja2 there. */
const PYTHONS = ['/usr/bin/python3', 'python3'];
const SCRIPT = fileURLToPath(new URL('jinja-oracle.py', import.meta.url));

/** A Python that has jinja2; null where there is none. */
export function findPython(): string | null {
  return PYTHONS.find((python) => spawnSync(python, ['-c', 'import jinja2.sandbox']).status === 0) ?? null;
}

/** All renderings by one process. */
export function renderByOracle(python: string, cases: readonly OracleCase[]): OracleResult[] {
  const templates = [...new Set(cases.map(({ template }) => template))];
  const indices = new Map(templates.map((template, i) => [template, i]));
  const input = JSON.stringify({
    templates,
    cases: cases.map(({ template, variables, now }) => ({
      template: indices.get(template),
      variables,
      now: [now.getFullYear(), now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()],
    })),
  });
  const { status, stdout, stderr } = spawnSync(python, [SCRIPT], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', LC_ALL: 'C.UTF-8' },
  });
  if (status !== 0) throw new Error(`the jinja2 oracle failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as OracleResult[];
}
