// What follows from the declaration of a request and its result: schemas, flags and the table of docs/engine.md.

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { fieldsIn, readRequest, requestFieldNames, requestProperties, resultProperties } from '@llama-ts/runtime';
import { checkAgainst } from '../helpers/json-schemas.js';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const schema = (name: string) => JSON.parse(text(`packages/cli/schemas/${name}.schema.json`));

describe('the declaration of a request', () => {
  it('gives the schema of a line of a file of prompts', () => {
    const { id, ...properties } = schema('batch-request').properties;
    assert.deepEqual(id.type, ['string', 'integer']);
    assert.deepEqual(properties, requestProperties);
    assert.deepEqual(Object.keys(properties).sort(), [...requestFieldNames].sort());
  });

  it('accepts the same requests as its schema', () => {
    const good = [
      { prompt: '', max_tokens: 0, seed: '18446744073709551615', stop: 'x', repetition_penalty: 0.01 },
      { messages: [{ role: 'user', content: 'Hi' }], stop: ['a', 'b'], top_k: 3, seed: 5 },
      { prompt: 'a', json_schema: { type: 'string' } },
      { prompt: 'a', json_mode: false, special: true },
    ];
    const bad = [
      { temperature: -1 },
      { max_tokens: 0.5 },
      { stop: '' },
      { stop: [''] },
      { colour: 1 },
      { messages: [] },
    ];
    const read = (line: object) => readRequest({ ...line }, { constraints: new Map() });
    for (const line of good) {
      read(line);
      checkAgainst('batch-request', line);
    }
    for (const line of bad) {
      const whole = 'messages' in line ? line : { prompt: '', ...line };
      assert.throws(() => read(whole), { code: 'BAD_REQUEST' }, JSON.stringify(line));
      assert.throws(() => checkAgainst('batch-request', whole), assert.AssertionError, JSON.stringify(line));
    }
  });

  it('gives the fields of a result in every schema that reports one', () => {
    const answers: Readonly<Record<string, Record<string, unknown>>> = {
      run: schema('run').oneOf[0].properties,
      'run --answers': schema('run').definitions.answer.properties,
      'run --output': schema('batch-result').oneOf[0].properties,
      chat: schema('chat').properties.answers.items.properties,
    };
    for (const [reporter, properties] of Object.entries(answers)) {
      const declared = Object.entries(resultProperties).filter(([name]) => properties[name] !== undefined);
      assert.ok(declared.length >= 6, reporter);
      for (const [name, value] of declared) assert.deepEqual(properties[name], value, `${name} of ${reporter}`);
    }
  });

  it('has a row in the table of docs/engine.md for each field', () => {
    const rows = text('docs/engine.md')
      .match(/^\| .*$/gm)!
      .join('\n');
    for (const name of requestFieldNames) assert.ok(rows.includes(`\`${name}\``), name);
  });

  it('gives the flags of llama run their descriptions and defaults', () => {
    const { commands } = JSON.parse(text('packages/cli/oclif.manifest.json'));
    for (const [name, { description, fallback }] of fieldsIn('flag')) {
      const shown: string = commands.run.flags[name].description;
      assert.ok(shown.startsWith(description), `--${name}: ${shown}`);
      if (fallback !== null) assert.match(shown, new RegExp(`; default (the model's, else )?${fallback}(;|$)`), name);
    }
  });
});
