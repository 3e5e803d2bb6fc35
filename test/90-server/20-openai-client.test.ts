// OpenAI's own client, unmodified, against the server.

import { strict as assert } from 'node:assert';
import { createEngine, encodeMessages, type GenerateEvent, generate, type Model } from '@llama-ts/runtime';
import OpenAI from 'openai';
import { DATE, eventsEngine, MODEL_NAME, openSample, readEvents, serve, serveOn, type TestServer } from './support.js';

const messages = [{ role: 'user' as const, content: 'What sound does a cow make?' }];
const asked = { model: MODEL_NAME, messages, temperature: 0, max_completion_tokens: 12 };

describe("OpenAI's client", () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
    api = await serve(model);
  });
  after(() => model.close());

  /** What the runtime answers without a server. */
  async function alone(options: object): Promise<string> {
    let text = '';
    const prompt = encodeMessages(model, messages, { dateString: DATE });
    for await (const event of generate(model, prompt, options)) if (event.type !== 'prompt-end') text += event.text;
    return text;
  }

  it('gets the answer that the model gives without a server, with its seed, usage and fingerprint', async () => {
    const completion = await api.client.chat.completions.create({ ...asked, temperature: 1, seed: 7 });
    const [choice] = completion.choices;
    assert.equal(choice!.message.content, await alone({ temperature: 1, seed: 7, maxTokens: 12 }));
    assert.deepEqual([choice!.message.role, choice!.message.refusal], ['assistant', null]);
    assert.deepEqual([completion.object, completion.model], ['chat.completion', MODEL_NAME]);
    assert.equal((completion as { seed?: number }).seed, 7);
    assert.match(completion.system_fingerprint!, /^fp_[0-9a-f]{16}$/);
    const { prompt_tokens: nPrompt, completion_tokens: nAnswer, total_tokens: total } = completion.usage!;
    assert.deepEqual([nAnswer <= 12, total, nPrompt > 20], [true, nPrompt + nAnswer, true]);
    assert.deepEqual(completion.usage!.prompt_tokens_details, { cached_tokens: 0 });
  });

  it('gets the same answer when the seed that was drawn is sent again', async () => {
    const first = await api.client.chat.completions.create({ ...asked, temperature: 1.5 });
    const { seed } = first as unknown as { seed: number };
    assert.ok(Number.isSafeInteger(seed) && seed > 0);
    const second = await api.client.chat.completions.create({ ...asked, temperature: 1.5, seed });
    assert.deepEqual(second.choices, first.choices);
    assert.equal(second.system_fingerprint, first.system_fingerprint);
  });

  it('reads a stream of chunks with one id, a role first, a reason last, and the usage when asked for', async () => {
    const stream = await api.client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size, 1);
    const choices = chunks.flatMap((chunk) => chunk.choices);
    assert.deepEqual(choices[0]!.delta, { role: 'assistant', content: '' });
    assert.equal(choices.filter(({ delta }) => 'role' in delta).length, 1);
    assert.equal(choices.filter(({ finish_reason: reason }) => reason !== null).length, 1);
    const text = choices.map(({ delta }) => delta.content ?? '').join('');
    const whole = await api.client.chat.completions.create(asked);
    assert.equal(text, whole.choices[0]!.message.content);
    assert.deepEqual([choices.at(-1)!.delta, choices.at(-1)!.finish_reason], [{}, whole.choices[0]!.finish_reason]);
    assert.deepEqual([chunks.at(-1)!.choices, chunks.at(-1)!.usage], [[], whole.usage]);
    assert.ok(chunks.slice(0, -1).every(({ usage }) => usage === null));
  });

  it('reads a stream without usage when it did not ask for it, and its last line [DONE]', async () => {
    const { chunks, isDone } = await readEvents(await api.post('/v1/chat/completions', { ...asked, stream: true }));
    assert.ok(isDone);
    assert.ok(chunks.every((chunk) => !('usage' in chunk)));
  });

  it('gets n answers with different seeds, the first one as for n = 1, in a stream too', async () => {
    const story = [{ role: 'user' as const, content: 'Tell me a story about a fox.' }];
    const sampled = { ...asked, messages: story, temperature: 1.5, seed: 11 };
    const three = await api.client.chat.completions.create({ ...sampled, n: 3 });
    const texts = three.choices.map(({ message }) => message.content);
    assert.deepEqual(
      three.choices.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.equal(new Set(texts).size, 3);
    const one = await api.client.chat.completions.create(sampled);
    assert.deepEqual(three.choices[0], one.choices[0]);
    assert.equal(three.usage!.prompt_tokens, one.usage!.prompt_tokens);
    const streamed = ['', '', ''];
    const ends: (string | null)[] = [];
    for await (const { choices } of await api.client.chat.completions.create({ ...sampled, n: 3, stream: true })) {
      for (const { index, delta, finish_reason: reason } of choices) {
        streamed[index] += delta.content ?? '';
        if (reason !== null) ends[index] = reason;
      }
    }
    assert.deepEqual(streamed, texts);
    assert.deepEqual(
      ends,
      three.choices.map((choice) => choice.finish_reason),
    );
  });

  it('gets log-probabilities with bytes that join to the text, in a stream too', async () => {
    const wanted = { ...asked, logprobs: true, top_logprobs: 3 };
    const { choices } = await api.client.chat.completions.create(wanted);
    const content = choices[0]!.logprobs!.content!;
    assert.equal(Buffer.from(content.flatMap(({ bytes }) => bytes!)).toString(), choices[0]!.message.content);
    for (const { token, logprob, top_logprobs: top } of content) {
      assert.deepEqual([top.length, top[0]!.token, top[0]!.logprob], [3, token, logprob]);
    }
    const streamed = [];
    for await (const chunk of await api.client.chat.completions.create({ ...wanted, stream: true })) {
      streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
    }
    assert.deepEqual(streamed, content);
    const none = await api.client.chat.completions.create(asked);
    assert.equal(none.choices[0]!.logprobs, null);
  });

  it('gets JSON that meets a schema, and any JSON object in JSON mode', async () => {
    const schema = {
      type: 'object',
      properties: { animal: { enum: ['cow', 'dog'] }, legs: { type: 'integer', minimum: 0, maximum: 9 } },
      required: ['animal', 'legs'],
      additionalProperties: false,
    };
    const held = await api.client.chat.completions.create({
      ...asked,
      max_completion_tokens: 60,
      response_format: { type: 'json_schema', json_schema: { name: 'animal', strict: true, schema } },
    });
    const value = JSON.parse(held.choices[0]!.message.content!);
    assert.deepEqual(Object.keys(value), ['animal', 'legs']);
    assert.equal(held.choices[0]!.finish_reason, 'stop');
    const loose = { ...asked, max_completion_tokens: 6, response_format: { type: 'json_object' as const } };
    const object = await api.client.chat.completions.create(loose);
    assert.match(object.choices[0]!.message.content!, /^\{/);
  });

  it('can set stop strings, biases, penalties and sampling options of both vocabularies', async () => {
    const plain = await api.client.chat.completions.create(asked);
    const text = plain.choices[0]!.message.content!;
    const word = text.split(' ')[2]!;
    const stopped = await api.client.chat.completions.create({ ...asked, stop: [word] });
    assert.equal(stopped.choices[0]!.message.content, text.slice(0, text.indexOf(word)));
    assert.equal(stopped.choices[0]!.finish_reason, 'stop');
    const [first] = model.tokenizer!.encode(text);
    const biased = await api.client.chat.completions.create({ ...asked, logit_bias: { [first!]: -100 } });
    assert.notEqual(biased.choices[0]!.message.content, text);
    const options = { temperature: 1, seed: 5, top_p: 0.9, presence_penalty: 0.5, frequency_penalty: 0.2 };
    const others = { top_k: 20, min_p: 0.01, typical_p: 0.98, repeat_penalty: 1.1, repeat_last_n: 32 };
    const answer = await api.client.chat.completions.create({ ...asked, ...options, ...others } as typeof asked);
    const same = {
      ...{ temperature: 1, seed: 5, topP: 0.9, presencePenalty: 0.5, frequencyPenalty: 0.2, topK: 20, minP: 0.01 },
      ...{ typicalP: 0.98, repetitionPenalty: 1.1, penaltyWindow: 32, maxTokens: 12 },
    };
    assert.equal(answer.choices[0]!.message.content, await alone(same));
  });

  it('gets each of several parts of characters by its bytes in the log-probabilities of a text', async () => {
    const tokenizer = model.tokenizer!;
    const parts = Array.from({ length: tokenizer.nTokens }, (_, id) => id).filter(
      (id) => tokenizer.tokenBytes(id).length === 1 && tokenizer.tokenBytes(id)[0]! >= 0x80,
    );
    const [first, second] = parts.slice(0, 2).map((id, i) => ({ id, text: '\ufffd', logProbability: -1 - i }));
    const whole = { id: tokenizer.encode('a')[0]!, text: 'a', logProbability: -3 };
    const events: GenerateEvent[] = [
      { type: 'token', id: first!.id, text: '', position: 1, logprobs: { ...first!, top: [first!, second!, whole] } },
      { type: 'token', id: whole.id, text: '\ufffda', position: 2, logprobs: { ...whole, top: [whole] } },
      { type: 'end', reason: 'length', eosId: null, stop: null, text: '', nTokens: 2, milliseconds: 0 },
    ];
    const { client } = await serveOn(eventsEngine(events), model);
    const options = { model: MODEL_NAME, prompt: 'x', logprobs: 3 };
    const name = ({ id }: { readonly id: number }): string =>
      `bytes:\\x${tokenizer.tokenBytes(id)[0]!.toString(16).padStart(2, '0')}`;
    const expected = {
      tokens: [name(first!), 'a'],
      token_logprobs: [-1, -3],
      top_logprobs: [{ [name(first!)]: -1, [name(second!)]: -2, a: -3 }, { a: -3 }],
      text_offset: [0, 1],
    };
    const { choices } = await client.completions.create(options);
    assert.deepEqual(choices[0]!.logprobs, expected);
    const streamed = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] } as typeof expected;
    for await (const chunk of await client.completions.create({ ...options, stream: true })) {
      for (const [field, list] of Object.entries(streamed)) {
        (list as unknown[]).push(
          ...((chunk.choices[0]!.logprobs?.[field as keyof typeof expected] ?? []) as unknown[]),
        );
      }
    }
    assert.deepEqual(streamed, expected);
  });

  it('gets the fingerprint of the day that its prompt names, also at midnight', async () => {
    const before = new Date('2026-11-30T23:59:59.999Z');
    const after = new Date('2026-12-01T00:00:00.000Z');
    const messages = [{ role: 'user' as const, content: 'What day is it?' }];
    const ask = async (client: OpenAI, day?: string) => {
      const fields = day === undefined ? {} : { chat_template_kwargs: { date_string: day } };
      const wanted = { ...{ model: MODEL_NAME, messages, max_tokens: 1, logprobs: true }, ...fields };
      const { choices, system_fingerprint } = (await client.chat.completions.create(
        wanted as never,
      )) as OpenAI.ChatCompletion;
      return [choices[0]!.logprobs!.content![0]!.logprob, system_fingerprint];
    };
    const { client } = await serve(model);
    const days = [await ask(client, '30 Nov 2026'), await ask(client, '01 Dec 2026')];
    assert.notDeepEqual(days[0], days[1]);
    for (let nBefore = 0; nBefore < 6; nBefore++) {
      let nAsked = -1;
      const now = (): Date => (nAsked >= 0 && nAsked++ >= nBefore ? after : before);
      const midnight = await serve(model, { dateString: undefined, now });
      nAsked = 0;
      const found = await ask(midnight.client);
      assert.ok(
        days.some((day) => day[0] === found[0] && day[1] === found[1]),
        `the clock struck after it was asked ${nBefore} times: ${found}, expected one of ${days.join(' or ')}`,
      );
    }
  });

  it('gets continuations of several texts at once, with text offsets of log-probabilities, in a stream too', async () => {
    const prompt = ['Once upon a time', 'The end'];
    const options = { model: MODEL_NAME, prompt, n: 2, seed: 3, max_tokens: 6, logprobs: 2 };
    const whole = await api.client.completions.create(options);
    assert.deepEqual(
      whole.choices.map(({ index }) => index),
      [0, 1, 2, 3],
    );
    for (const { text, logprobs } of whole.choices) {
      assert.equal(logprobs!.tokens!.join(''), text);
      logprobs!.text_offset!.forEach((offset, i) => {
        assert.ok(text.slice(offset).startsWith(logprobs!.tokens![i]!));
      });
    }
    const texts = ['', '', '', ''];
    const offsets: number[][] = [[], [], [], []];
    for await (const { choices } of await api.client.completions.create({ ...options, stream: true })) {
      for (const { index, text, logprobs } of choices) {
        texts[index] += text;
        offsets[index]!.push(...(logprobs?.text_offset ?? []));
      }
    }
    assert.deepEqual(
      texts,
      whole.choices.map(({ text }) => text),
    );
    assert.deepEqual(
      offsets,
      whole.choices.map(({ logprobs }) => logprobs!.text_offset),
    );
    const tokens = model.tokenizer!.encode('Once upon a time');
    const byTokens = await api.client.completions.create({
      ...options,
      n: 1,
      prompt: [model.settings.bosId!, ...tokens],
    });
    assert.equal(byTokens.choices[0]!.text, whole.choices[0]!.text);
    const short = await api.client.completions.create({ model: MODEL_NAME, prompt: 'Once', temperature: 0 });
    assert.ok(short.usage!.completion_tokens <= 16);
  });

  it('gets names of special tokens read as text unless it asks otherwise', async () => {
    const body = { content: '<|eot_id|>' };
    const text = (await (await api.post('/tokenize', body)).json()) as { tokens: number[] };
    const token = (await (await api.post('/tokenize', { ...body, parse_special: true })).json()) as {
      tokens: number[];
    };
    assert.deepEqual([text.tokens.length > 1, token.tokens], [true, [model.tokenizer!.specialId('<|eot_id|>')]]);
    const back = (await (await api.post('/detokenize', { tokens: text.tokens })).json()) as { content: string };
    assert.equal(back.content, '<|eot_id|>');
    const usage = async (special: boolean) => {
      const answer = await api.post('/v1/completions', { prompt: '<|eot_id|>', special, max_tokens: 1 });
      return ((await answer.json()) as { usage: { prompt_tokens: number } }).usage.prompt_tokens;
    };
    assert.deepEqual([await usage(true), (await usage(false)) > 2], [2, true]);
  });

  it('lists the model', async () => {
    const names = [];
    for await (const { id } of api.client.models.list()) names.push(id);
    assert.deepEqual(names, [MODEL_NAME]);
    assert.equal((await api.client.models.retrieve(MODEL_NAME)).owned_by, 'llama3.2.ts');
  });

  it('throws its own errors for refusals, and one during a stream for an answer that fails', async () => {
    const { chat } = api.client;
    await assert.rejects(chat.completions.create({ ...asked, model: 'x' }), OpenAI.NotFoundError);
    await assert.rejects(chat.completions.create({ ...asked, top_p: 7 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.param, error.type], ['top_p', 'invalid_request_error']);
      return true;
    });
    const engine = createEngine(model);
    const other = await serve(model);
    const stream = await other.client.chat.completions.create({ ...asked, stream: true });
    await assert.rejects(async () => {
      for await (const _ of stream) await other.engine.close();
    }, /engine is closed/);
    await engine.close();
    await assert.rejects(other.client.chat.completions.create(asked), OpenAI.InternalServerError);
  });

  it('ends its request at the engine when it aborts', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stream = await api.client.chat.completions.create(
      { ...asked, max_completion_tokens: 900, stream: true },
      { signal },
    );
    for await (const _ of stream) controller.abort();
    assert.equal(api.engine.nRunning + api.engine.nWaiting, 0);
  });

  it('can set the date for the template, which changes the fingerprint', async () => {
    const dated = (date_string: string) => ({ ...asked, chat_template_kwargs: { date_string } }) as typeof asked;
    const one = await api.client.chat.completions.create(dated('01 Jan 2001'));
    const other = await api.client.chat.completions.create(dated('02 Jan 2001'));
    assert.notEqual(one.system_fingerprint, other.system_fingerprint);
    const applied = await api.post('/apply-template', {
      messages,
      chat_template_kwargs: { date_string: '01 Jan 2001' },
    });
    assert.match(((await applied.json()) as { prompt: string }).prompt, /Today Date: 01 Jan 2001/);
    const clock = await serve(model, { dateString: undefined, now: () => new Date('2026-03-09T23:59:00Z') });
    const today = await clock.post('/apply-template', { messages });
    assert.match(((await today.json()) as { prompt: string }).prompt, /Today Date: 09 Mar 2026/);
  });
});
