import assert from 'node:assert/strict';
import {
  createChat,
  createEngine,
  type GenerateOptions,
  generate,
  generateAnswers,
  jsonMode,
  jsonSchema,
  type Model,
  openModel,
  regex,
} from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';
import { collectAnswer } from '../helpers/collect-answer.js';
import { schemas } from './schemas.js';
import { validator } from './support.js';

const PER_SCHEMA = 50;

describe('an answer under a constraint', function () {
  this.timeout(120_000);
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 512 });
  });
  after(() => model.close());
  const say = (options: GenerateOptions) => collectAnswer(generate(model, 'Once', options));

  it('parses and validates: 1,000 answers to 20 schemas, sampled at temperature 1', async () => {
    const engine = createEngine(model, { maxSequences: 32 });
    const sampled = { temperature: 1, topP: 1, topK: 0, repetitionPenalty: 1 };
    const names = Object.keys(schemas);
    assert.equal(names.length * PER_SCHEMA, 1000);
    const different = new Set<string>();
    await Promise.all(
      names.map(async (name) => {
        const constraint = jsonSchema(schemas[name]);
        const isValid = validator(schemas[name]!);
        const seeds = Array.from({ length: PER_SCHEMA }, (_, i) => i + 1);
        const answers = seeds.map((seed) =>
          collectAnswer(engine.submit('A', { ...sampled, constraint, seed, maxTokens: 500 })),
        );
        for (const { text, end } of await Promise.all(answers)) {
          assert(end.reason === 'complete' || end.reason === 'eos', `${name}: ${end.reason}: ${text}`);
          assert.equal(end.meetsConstraint, true);
          assert(isValid(JSON.parse(text)), `${name}: ${text}`);
          different.add(text);
        }
      }),
    );
    await engine.close();
    assert(different.size > 500, `${different.size} different answers`);
  });

  it('is the same from generate, from an engine, as one of several answers and with drafts', async () => {
    const constraint = jsonSchema(schemas.person);
    const options = { constraint, temperature: 1, topP: 0.95, seed: 5 };
    const alone = await say(options);
    const engine = createEngine(model);
    const others = [engine.submit('Once', { ...options, seed: 6, constraint: jsonMode() }), engine.submit('Twice')];
    const together = collectAnswer(engine.submit('Once', options));
    for (const other of others) await other.return();
    assert.deepEqual((await together).ids, alone.ids);
    await engine.close();
    for await (const { index, events } of generateAnswers(model, 'Once', 2, options)) {
      const { ids, end } = await collectAnswer(events);
      assert.equal(end.meetsConstraint, true);
      if (index === 0) assert.deepEqual(ids, alone.ids);
      else assert.notDeepEqual(ids, alone.ids);
    }
    const repeating = { constraint: regex('(the same|the other){40}'), temperature: 1, seed: 3 };
    const drafted = await say({ ...repeating, speculate: { rowCost: 0 } });
    assert.deepEqual(drafted.ids, (await say(repeating)).ids);
    assert((drafted.end as { speculation?: { nAccepted: number } }).speculation!.nAccepted > 0);
  });

  it('is given in a chat, whose next answer may be unconstrained', async () => {
    const chat = createChat(model);
    const constraint = regex('(yes|no)');
    for await (const _ of chat.send('Is it so?', { constraint }));
    assert.match(chat.messages.at(-1)!.content as string, /^(yes|no)$/);
    for await (const _ of chat.send('Why?', { maxTokens: 4 }));
  });

  it('that a limit cut off is reported as incomplete', async () => {
    const cut = await say({ constraint: regex('a{20,}'), maxTokens: 3 });
    assert.deepEqual([cut.end.reason, cut.end.meetsConstraint], ['length', false]);
    const good = await say({ constraint: regex('a{1,}'), maxTokens: 3, minTokens: 3 });
    assert.deepEqual([good.end.reason, good.end.meetsConstraint], ['length', true]);
    const free = await say({ maxTokens: 3 });
    assert.equal('meetsConstraint' in free.end, false);
  });

  it('ends where nothing may follow, and at an end token only when it is complete', async () => {
    const fixed = await say({ constraint: regex('Exactly this[.]') });
    assert.deepEqual([fixed.text, fixed.end.reason, fixed.end.eosId], ['Exactly this.', 'complete', null]);
    const nothing = await say({ constraint: regex('') });
    assert.deepEqual([nothing.text, nothing.end.reason, nothing.ids.length], ['', 'complete', 0]);
    const eager = Object.fromEntries(model.settings.eosIds.map((id) => [id, 1000]));
    const ended = await say({ constraint: regex('[a-z]{7}[a-z]*'), logitBias: eager });
    assert.deepEqual([ended.end.reason, ended.end.meetsConstraint], ['eos', true]);
    assert(ended.text.length >= 7 && model.tokenizer!.decode(ended.ids.slice(0, -1)).length < 7);
    const stopId = model.tokenizer!.specialTokens.find(({ id }) => !model.settings.eosIds.includes(id))!.id;
    const stopped = await say({
      constraint: regex('[a-z]{7}[a-z]*'),
      stopIds: [stopId],
      logitBias: { [stopId]: 1000 },
    });
    assert.deepEqual([stopped.end.reason, stopped.end.stop], ['stop', stopId]);
    assert.equal(stopped.end.meetsConstraint, true);
  });

  it('meets the constraint under every way of sampling', async () => {
    const constraint = regex('(ja|nein)( (ja|nein)){3}');
    for (const options of [
      { temperature: 0 },
      { temperature: 2, topP: 0.1 },
      { temperature: 2, topK: 40 },
      { temperature: 1, minP: 0.5 },
      { temperature: 1, typicalP: 0.3 },
      { temperature: 1, topK: 40, typicalP: 0.9, topP: 0.99 },
      { repetitionPenalty: 5, presencePenalty: 50, frequencyPenalty: 50 },
      { temperature: 1, referenceSampler: true },
      { logitBias: { 7: 10_000 } },
    ]) {
      const { text, end } = await say({ constraint, ...options });
      assert.match(text, /^(ja|nein)( (ja|nein)){3}$/, JSON.stringify(options));
      assert.equal(end.reason, 'complete');
    }
  });

  it('has the log-probabilities of the model, not of the tokens that the constraint left', async () => {
    const options = { maxTokens: 1, temperature: 0, logprobs: 3 } as const;
    const top = async (more: GenerateOptions) => {
      for await (const event of generate(model, 'Once', { ...options, ...more })) {
        if (event.type === 'token') return event.logprobs!;
      }
      assert.fail();
    };
    const free = await top({});
    const constrained = await top({ constraint: regex('Z') });
    assert.deepEqual(constrained.top, free.top);
    assert(constrained.logProbability < free.top[2]!.logProbability);
  });

  it('is refused together with stop strings, and without a tokenizer', async () => {
    const constraint = regex('a');
    await assert.rejects(say({ constraint, stop: ['b'] }), { code: 'INVALID_OPTION' });
    await assert.rejects(say({ constraint, stopIds: model.tokenizer!.encode('b') }), { code: 'INVALID_OPTION' });
    const mute = { ...model, tokenizer: null };
    await assert.rejects(collectAnswer(generate(mute, [1], { constraint })), { code: 'NO_TOKENIZER' });
  });
});
