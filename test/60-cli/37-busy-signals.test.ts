// Ctrl-C while a chat template is rendered, or a schema or pattern compiled: work that does not yield, and is bounded by
// counts, so that the signal is seen soon.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** Sends the signal from within the work, at its first call of a method. */
const signalAt = (object: string, method: string, condition = 'true') =>
  `data:text/javascript,${encodeURIComponent(
    `const original = ${object}.${method};
    ${object}.${method} = function (...args) {
      if (${condition}) { ${object}.${method} = original; process.kill(process.pid, 'SIGINT'); }
      return original.apply(this, args);
    };`,
  )}`;
const ROUNDS = '{% for i in range(90000) %}{% for j in range(90000) %}{{ i }}{% endfor %}{% endfor %}';
const LONG_BUT_FINE = '{% for i in range(90000) %}{% set x = i * i %}{% endfor %}{{ messages[0].content }}';
const NOW = "{{ strftime_now('%Y') }}";
const product = {
  allOf: Array.from({ length: 20 }, (_, i) => ({
    anyOf: [`a${i}`, `b${i}`].map((name) => ({ required: [name], properties: { [name]: { const: 1 } } })),
  })),
};

(process.platform === 'win32' ? describe.skip : describe)(
  'Ctrl-C in the middle of work that does not yield',
  function () {
    this.timeout(120_000);

    const rendering = signalAt('Date.prototype', 'getFullYear');
    for (const [name, template] of [
      ['a template that ends in TEMPLATE_ERROR', NOW + ROUNDS],
      ['a template that renders after long work', NOW + LONG_BUT_FINE],
    ] as const) {
      it(`ends chat with exit status 130 and no answer: ${name}`, () =>
        withFolder(async (cwd) => {
          await runLlama(['export', 'm.bin'], { cwd });
          await writeFile(join(cwd, 'evil.jinja'), template);
          const args = ['chat', 'm.bin', 'Hi', '--chat-template', 'evil.jinja'];
          const { exitCode, stdout, stderr } = await runLlama(args, {
            cwd,
            env: { NODE_OPTIONS: `--import ${rendering}` },
          });
          assert.equal(exitCode, 130, stderr);
          assert.equal(stdout.trim(), '');
          assert.doesNotMatch(stderr, /TEMPLATE_ERROR|chat template/);
        }));
    }

    it('ends run with exit status 130 while a schema is compiled', () =>
      withFolder(async (cwd) => {
        await runLlama(['export', 'm.bin'], { cwd });
        await writeFile(join(cwd, 's.json'), JSON.stringify({ marker: 'long', ...product }));
        const env = { NODE_OPTIONS: `--import ${signalAt('JSON', 'parse', "String(args[0]).includes('marker')")}` };
        const { exitCode, stdout, stderr } = await runLlama(['run', 'm.bin', 'x', '--json-schema', 's.json'], {
          cwd,
          env,
        });
        assert.equal(exitCode, 130, stderr);
        assert.equal(stdout, '');
      }));

    it('ends run with exit status 130 while a pattern is compiled', () =>
      withFolder(async (cwd) => {
        await runLlama(['export', 'm.bin'], { cwd });
        const env = { NODE_OPTIONS: `--import ${signalAt('String.prototype', 'codePointAt', "String(this) === '§'")}` };
        const args = ['run', 'm.bin', 'x', '--regex', '§(a|b)*a(a|b){40}'];
        const { exitCode, stdout, stderr } = await runLlama(args, { cwd, env });
        assert.equal(exitCode, 130, stderr);
        assert.equal(stdout, '');
      }));
  },
);
