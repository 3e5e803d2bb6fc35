// Schemas compile in turns with everything else: no other client waits for a large one.

import { strict as assert } from 'node:assert';
import type { Model } from '@llama-ts/runtime';
import { chatOf, errorOf, MODEL_NAME, openSample, serve, type TestServer } from './support.js';

const asked = { model: MODEL_NAME, messages: [{ role: 'user', content: 'Hi' }], temperature: 0 };

/** A schema of many objects, no two alike. */
function largeSchema(nObjects: number, seed: string): object {
  const one = (i: number) => ({
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 8 }, (_, k) => [`${seed}_${i}_${k}`, { type: k % 2 === 0 ? 'string' : 'integer' }]),
    ),
    required: [`${seed}_${i}_0`],
  });
  const names = Array.from({ length: nObjects }, (_, i) => `part_${i}`);
  return { type: 'object', properties: Object.fromEntries(names.map((name, i) => [name, one(i)])) };
}

describe('a large schema of a request', () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
    api = await serve(model);
  });
  after(() => model.close());

  /** How often the event loop had its turn until a promise was settled. */
  async function turnsUntil(work: Promise<unknown>): Promise<number> {
    let nTurns = 0;
    let isOver = false;
    const turn = (): void => {
      nTurns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await work;
    isOver = true;
    return nTurns;
  }
  const withForm = (schema: object, fields: object = {}) =>
    api.post('/v1/chat/completions', {
      ...{ ...asked, max_tokens: 1, ...fields },
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema } },
    });

  it('leaves turns to other requests while it compiles, the more the larger it is', async () => {
    const read = (parameters: object) =>
      api.post('/apply-template', {
        ...{ model: MODEL_NAME, messages: asked.messages },
        tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }],
      });
    const small = await turnsUntil(read(largeSchema(1, 'small')));
    const large = await turnsUntil(read(largeSchema(600, 'large')));
    assert.ok(large >= small + 4, `${large} turns, ${small} for a small one`);
    // It is kept: the same one takes no turns again.
    assert.ok((await turnsUntil(read(largeSchema(600, 'large')))) <= small);
  });

  it('is compiled once for requests that bring it at the same time, and refused to each in its own field', async () => {
    const bad = { type: 'object', properties: { a: { $dynamicRef: '#a' } } };
    const tool = { type: 'function', function: { name: 'f', strict: true, parameters: bad } };
    const [form, call] = await Promise.all([
      withForm(bad),
      api.post('/v1/chat/completions', { ...asked, tools: [tool] }),
    ]);
    assert.deepEqual(
      [(await errorOf(form)).param, (await errorOf(call)).param],
      ['response_format', 'tools[0].function.parameters'],
    );
    const schema = largeSchema(50, 'shared');
    const answers = await Promise.all([withForm(schema, { max_tokens: 9 }), withForm(schema, { max_tokens: 9 })]);
    const [a, b] = [await chatOf(answers[0]!), await chatOf(answers[1]!)];
    assert.deepEqual(a.choices, b.choices);
  });
});
