// Requests from plain JSON to their results.

import { strict as assert } from 'node:assert';
import {
  type AnswerResult,
  BadRequest,
  createAnswerCollector,
  createEngine,
  type Engine,
  generate,
  type KnownConstraints,
  type Model,
  openModel,
  readRequest,
  submitRequest,
} from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';

describe('a request', () => {
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 128 });
    engine = createEngine(model);
  });
  after(async () => {
    await engine.close();
    await model.close();
  });

  const read = (values: Record<string, unknown>, constraints: KnownConstraints = new Map()) =>
    readRequest(values, { constraints });
  const submit = (values: Record<string, unknown>) =>
    submitRequest(read(values), {
      model,
      engine,
      defaults: { maxTokens: 6, temperature: 0 },
      specials: 'text',
      today: new Date(0),
    });

  it('shares a compiled constraint with an earlier request for the same one', () => {
    const constraints: KnownConstraints = new Map();
    const [a, b, other] = ['x+', 'x+', 'y'].map((regex) => read({ prompt: '', regex }, constraints).options.constraint);
    assert.ok(a !== undefined && a === b);
    assert.notEqual(a, other);
    assert.equal(constraints.size, 2);
  });

  const refused: readonly (readonly [Record<string, unknown>, string | null, RegExp])[] = [
    [{}, 'messages', /^neither prompt nor messages/],
    [{ prompt: 1 }, 'prompt', /^prompt 1, expected a text$/],
    [{ prompt: '', messages: [] }, 'messages', /^both/],
    [{ messages: ['Hi'] }, 'messages', /^messages \["Hi"\], expected a list/],
    [{ prompt: '', special: 1 }, 'special', /^special 1, expected true or false$/],
    [{ messages: [{ role: 'user' }], special: true }, 'special', /a template writes the tokens$/],
    [{ prompt: '', qzxw: 'red' }, 'qzxw', /^unknown field "qzxw", expected prompt, messages, special, max_tokens/],
    [{ prompt: '', temprature: 1 }, 'temprature', /^unknown field "temprature", expected temperature$/],
    [{ prompt: '', maxTokens: 3 }, 'maxTokens', /^unknown field "maxTokens", expected max_tokens$/],
    [{ prompt: '', max_completion_tokens: 3 }, 'max_completion_tokens', /, expected max_tokens$/],
    [{ prompt: '', n_predict: 3 }, 'n_predict', /, expected max_tokens$/],
    [{ prompt: '', num_predict: 3 }, 'num_predict', /, expected max_tokens$/],
    [{ prompt: '', repeat_penalty: 2 }, 'repeat_penalty', /, expected repetition_penalty$/],
    [{ prompt: '', temp: 1 }, 'temp', /, expected temperature$/],
    [{ prompt: '', t: 8 }, 't', /, expected temperature; for threads, give --threads N to the command$/],
    [{ prompt: '', num_thread: 8 }, 'num_thread', /, expected none: .* give --threads N to the command$/],
    [{ prompt: '', num_ctx: 8 }, 'num_ctx', /, expected none: .* give --context N to the command$/],
    [{ prompt: '', repeat_last_n: 8 }, 'repeat_last_n', /, expected none: .* give --repeat-last-n to the command$/],
    [{ prompt: '', options: { top_k: 1 } }, 'options', /, expected its fields beside the prompt: /],
    [{ prompt: '', format: 'json' }, 'format', /, expected json_schema, or "json_mode": true/],
    [{ prompt: '', toString: 1 }, 'toString', /^unknown field "toString", expected /],
    [{ prompt: '', json_mode: 1 }, 'json_mode', /^json_mode: expected true or false$/],
    [{ prompt: '', json_mode: true, stop: 'x' }, 'stop', /^json_mode and stop/],
  ];
  for (const [values, field, message] of refused) {
    it(`is refused with the field ${field} for ${JSON.stringify(values)}`, () => {
      assert.throws(
        () => read(values),
        (error) => {
          assert.ok(error instanceof BadRequest);
          assert.deepEqual([error.code, error.field], ['BAD_REQUEST', field]);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('prefers its own fields to the defaults, and answers as generate does', async () => {
    const result = await collect(submit({ prompt: 'Once upon a time', max_tokens: 4 }));
    const alone = await collect(generate(model, 'Once upon a time', { maxTokens: 4, temperature: 0 }));
    const { promptMilliseconds: _1, milliseconds: _2, ...answer } = result;
    assert.deepEqual(
      { ...alone, promptMilliseconds: 0, milliseconds: 0 },
      { ...answer, promptMilliseconds: 0, milliseconds: 0 },
    );
    assert.deepEqual([result.nTokens, result.ids.length, result.endReason], [4, 4, 'length']);
  });

  it('that is a conversation is answered through the chat template', async () => {
    const { nPromptTokens, nCachedTokens } = await collect(submit({ messages: [{ role: 'user', content: 'Hi' }] }));
    assert.ok(nPromptTokens > 3);
    // It begins with the same token as the prompt before.
    assert.equal(nCachedTokens, 1);
  });

  it('has a result without an end before its answer has ended, and no result before its prompt was computed', async () => {
    const collector = createAnswerCollector();
    assert.equal(collector.result, null);
    for await (const event of submit({ prompt: 'Once', max_tokens: 3 })) {
      collector.add(event);
      assert.equal(collector.result!.endReason === null, event.type !== 'end');
    }
    assert.deepEqual([collector.result!.endReason, collector.result!.stop], ['length', null]);
  });
});

async function collect(
  events: AsyncIterable<Parameters<ReturnType<typeof createAnswerCollector>['add']>[0]>,
): Promise<AnswerResult> {
  const collector = createAnswerCollector();
  for await (const event of events) collector.add(event);
  return collector.result!;
}
