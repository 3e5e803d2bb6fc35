// The Vercel AI SDK and LangChain, unmodified, against the server.

import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createEmbedder, createSchemaJudge, type Model } from '@llama-ts/runtime';
import {
  APICallError,
  embedMany,
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamText,
  type ToolSet,
  tool,
} from 'ai';
import { MODEL_NAME, openSample, scriptedEngine, serve, serveOn, type TestServer } from './support.js';

const QUESTION = 'What sound does a cow make?';
const BASE_URL = 'http://localhost/v1';
const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, enum: ['Oslo', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
};
const isWeather = createSchemaJudge(schema);

/** Behaves like a client's own fetch, without a socket. */
function fetchOf({ server }: TestServer): typeof fetch {
  return async (url, init) => {
    const response = await server.fetch(new Request(url, init));
    init?.signal?.throwIfAborted();
    return response;
  };
}

/** LangChain's types lose it. */
function usageOf(message: object) {
  return (message as { usage_metadata?: { input_tokens: number; output_tokens: number } }).usage_metadata;
}

describe('another client', () => {
  let model: Model;
  let api: TestServer;
  let expected: string;
  before(async () => {
    model = await openSample();
    api = await serve(model);
    const asked = { model: MODEL_NAME, temperature: 0, max_tokens: 12 };
    const { choices } = await api.client.chat.completions.create({
      ...asked,
      messages: [{ role: 'user', content: QUESTION }],
    });
    expected = choices[0]!.message.content!;
  });
  after(() => model.close());

  function nHeld(): number {
    return api.engine.nRunning + api.engine.nWaiting;
  }

  describe('ai with @ai-sdk/openai-compatible', () => {
    const provider = (server: TestServer = api) =>
      createOpenAICompatible({
        ...{ name: 'llama', baseURL: BASE_URL, apiKey: 'none', fetch: fetchOf(server) },
        ...{ includeUsage: true, supportsStructuredOutputs: true },
      });
    const settings = () => ({
      ...{ model: provider()(MODEL_NAME), prompt: QUESTION, temperature: 0, maxOutputTokens: 12, maxRetries: 0 },
    });
    const get_weather = tool({ description: 'Weather of a city', inputSchema: jsonSchema<{ city: string }>(schema) });

    it('gets a text, its usage and why it ended, whole and streamed', async () => {
      const { text, usage, finishReason } = await generateText(settings());
      assert.equal(text, expected);
      assert.ok(usage.inputTokens! > 20 && usage.outputTokens! <= 12);
      const stream = streamText(settings());
      let streamed = '';
      let nPieces = 0;
      for await (const piece of stream.textStream) {
        streamed += piece;
        nPieces++;
      }
      assert.equal(streamed, expected);
      assert.ok(nPieces > 3);
      assert.equal(await stream.finishReason, finishReason);
      const { inputTokens, outputTokens } = await stream.usage;
      assert.deepEqual([inputTokens, outputTokens], [usage.inputTokens, usage.outputTokens]);
    });

    it('gets calls that are demanded, by "required" or by name, whole and streamed', async () => {
      const clock = tool({ inputSchema: jsonSchema({ type: 'object', properties: {} }) });
      for (const toolChoice of ['required' as const, { type: 'tool' as const, toolName: 'get_weather' as const }]) {
        const wanted = {
          ...settings(),
          tools: { get_weather, clock } as object as ToolSet,
          toolChoice,
          maxOutputTokens: 80,
          seed: 3,
        };
        const { toolCalls, finishReason } = await generateText(wanted);
        assert.deepEqual([toolCalls.length, finishReason], [1, 'tool-calls']);
        const [call] = toolCalls;
        assert.ok(call!.toolName === 'clock' || isWeather(call!.input));
        const deltas: string[] = [];
        const stream = streamText(wanted);
        for await (const part of stream.fullStream) if (part.type === 'tool-input-delta') deltas.push(part.delta);
        const [streamed] = await stream.toolCalls;
        assert.deepEqual([streamed!.toolName, streamed!.input], [call!.toolName, call!.input]);
        assert.deepEqual(JSON.parse(deltas.join('')), call!.input);
      }
    });

    it('runs a tool and sends its result back, until there is a text', async () => {
      const server = await serveOn(scriptedEngine(['{"name": "get_weather", "parameters": {"city": "Oslo"}}']), model);
      const cities: string[] = [];
      const execute = async ({ city }: { city: string }) => {
        cities.push(city);
        return '7 degrees';
      };
      const running = tool({ inputSchema: jsonSchema<{ city: string }>(schema), execute });
      const { steps } = await generateText({
        ...{ ...settings(), model: provider(server)(MODEL_NAME) },
        ...{ tools: { get_weather: running } as object as ToolSet, stopWhen: stepCountIs(2) },
      });
      assert.deepEqual([cities, steps.length], [['Oslo', 'Oslo'], 2]);
      assert.deepEqual(steps[0]!.toolResults[0]!.output, '7 degrees');
    });

    it('runs several tools of one answer and sends their results back, though the template takes one call at a time', async () => {
      const said = ['Oslo', 'Rome'].map((city) => `{"name": "get_weather", "parameters": {"city": "${city}"}}`);
      const server = await serveOn(scriptedEngine([said.join('; ')]), model);
      const running = tool({
        inputSchema: jsonSchema<{ city: string }>(schema),
        execute: async ({ city }: { city: string }) => `warm in ${city}`,
      });
      const { steps } = await generateText({
        ...{ ...settings(), model: provider(server)(MODEL_NAME) },
        ...{ tools: { get_weather: running } as object as ToolSet, stopWhen: stepCountIs(2) },
      });
      assert.deepEqual(
        steps.map(({ toolCalls }) => toolCalls.length),
        [2, 2],
      );
      const { model: name, messages, tools } = JSON.parse(steps[1]!.request.body as string);
      const response = await server.post('/apply-template', { model: name, messages, tools });
      const { prompt } = (await response.json()) as { prompt: string };
      assert.match(prompt, /Oslo"\}\}<\|eot_id\|>.*warm in Oslo.*Rome"\}\}<\|eot_id\|>.*warm in Rome/s);
    });

    it('gets an object that meets a schema', async () => {
      const { output } = await generateText({
        ...settings(),
        maxOutputTokens: 60,
        output: Output.object({ schema: jsonSchema<{ city: string }>(schema) }),
      });
      assert.ok(isWeather(output));
    });

    it('gets embeddings', async () => {
      const values = ['A cow says moo.', 'The end'];
      const { embeddings, usage } = await embedMany({
        ...{ model: provider().embeddingModel(MODEL_NAME), values, maxRetries: 0 },
      });
      const vectors = await createEmbedder(model).embed(values);
      assert.deepEqual(
        embeddings.map((numbers) => Float32Array.from(numbers)),
        vectors.map(({ vector }) => vector),
      );
      assert.equal(
        usage.tokens,
        vectors.reduce((sum, { nTokens }) => sum + nTokens, 0),
      );
    });

    it('throws its own errors for refusals, tells of one in a stream, and ends its request when it aborts', async () => {
      await assert.rejects(generateText({ ...settings(), model: provider()('other') }), (error) => {
        assert.ok(APICallError.isInstance(error));
        assert.deepEqual([error.statusCode, error.isRetryable], [404, false]);
        assert.match(error.message, /model "other", expected sample/);
        return true;
      });
      const other = await serve(model);
      const errors: unknown[] = [];
      const failing = streamText({
        ...{ ...settings(), model: provider(other)(MODEL_NAME), maxOutputTokens: 500 },
        onError: ({ error }) => void errors.push(error),
      });
      for await (const part of failing.fullStream) if (part.type === 'text-delta') await other.engine.close();
      assert.match(JSON.stringify(errors), /engine is closed/);
      const controller = new AbortController();
      const { textStream } = streamText({ ...settings(), maxOutputTokens: 900, abortSignal: controller.signal });
      for await (const _ of textStream) controller.abort();
      for (let turn = 0; turn < 50 && nHeld() > 0; turn++) await setImmediate();
      assert.equal(nHeld(), 0);
    });
  });

  describe('@langchain/openai', () => {
    const chat = (fields: object = {}, server: TestServer = api) =>
      new ChatOpenAI({
        ...{ model: MODEL_NAME, apiKey: 'none', temperature: 0, maxTokens: 12, maxRetries: 0 },
        ...{ configuration: { baseURL: BASE_URL, fetch: fetchOf(server) }, ...fields },
      });
    const tools = [
      { type: 'function' as const, function: { name: 'get_weather', description: 'Weather', parameters: schema } },
    ];

    it('gets a text and its usage, whole and streamed', async () => {
      const message = await chat().invoke(QUESTION);
      assert.equal(message.text, expected);
      const usage = usageOf(message)!;
      assert.ok(usage.input_tokens > 20 && usage.output_tokens <= 12);
      let streamed = '';
      let nTokens = 0;
      for await (const chunk of await chat().stream(QUESTION)) {
        streamed += chunk.text;
        nTokens += usageOf(chunk)?.output_tokens ?? 0;
      }
      assert.deepEqual([streamed, nTokens], [expected, usage.output_tokens]);
    });

    it('gets calls that are demanded, by "required" or by name, whole and streamed, and sends results back', async () => {
      for (const tool_choice of ['required', 'get_weather']) {
        const calling = chat({ maxTokens: 80 }).bindTools(tools, { tool_choice });
        const { tool_calls: calls } = await calling.invoke('How warm is it in Oslo?');
        assert.deepEqual([calls!.length, calls![0]!.name], [1, 'get_weather']);
        assert.ok(isWeather(calls![0]!.args));
        let pieces = '';
        for await (const { tool_call_chunks: chunks } of await calling.stream('How warm is it in Oslo?')) {
          pieces += (chunks ?? []).map(({ args }) => args ?? '').join('');
        }
        assert.deepEqual(JSON.parse(pieces), calls![0]!.args);
        const answer = await chat().invoke([
          new SystemMessage('Be brief.'),
          new HumanMessage('How warm is it in Oslo?'),
          new AIMessage({ content: '', tool_calls: calls! }),
          new ToolMessage({ content: '7 degrees', tool_call_id: calls![0]!.id! }),
        ]);
        assert.equal(typeof answer.text, 'string');
      }
    });

    it('gets an object that meets a schema', async () => {
      const held = chat({ maxTokens: 60 }).withStructuredOutput(schema, { method: 'jsonSchema', name: 'weather' });
      assert.ok(isWeather(await held.invoke('Where?')));
    });

    it('gets log-probabilities, and several answers to a prompt', async () => {
      const message = await chat({ logprobs: true, topLogprobs: 2 }).invoke(QUESTION);
      const { content } = message.response_metadata.logprobs as {
        content: { token: string; top_logprobs: unknown[] }[];
      };
      assert.equal(content.map(({ token }) => token).join(''), expected);
      assert.ok(content.every(({ top_logprobs: top }) => top.length === 2));
      const several = await chat({ n: 3, temperature: 1.5 }).generate([[new HumanMessage(QUESTION)]]);
      assert.equal(several.generations[0]!.length, 3);
    });

    it('gets embeddings, and answers of the Responses API', async () => {
      const embeddings = new OpenAIEmbeddings({
        ...{ model: MODEL_NAME, apiKey: 'none', maxRetries: 0 },
        configuration: { baseURL: BASE_URL, fetch: fetchOf(api) },
      });
      const [found] = await createEmbedder(model).embed(['A cow says moo.']);
      assert.deepEqual(Float32Array.from(await embeddings.embedQuery('A cow says moo.')), found!.vector);
      const responses = chat({ useResponsesApi: true });
      assert.equal((await responses.invoke(QUESTION)).text, expected);
      let streamed = '';
      for await (const chunk of await responses.stream(QUESTION)) streamed += chunk.text;
      assert.equal(streamed, expected);
    });

    it('throws errors for refusals, and ends its request when it aborts', async () => {
      await assert.rejects(chat({ model: 'other' }).invoke(QUESTION), /model "other", expected sample/);
      await assert.rejects(chat({ topP: 7 }).invoke(QUESTION), /top_p 7, expected/);
      const controller = new AbortController();
      const stream = await chat({ maxTokens: 900 }).stream(QUESTION, { signal: controller.signal });
      await assert.rejects(async () => {
        for await (const _ of stream) controller.abort();
      });
      for (let turn = 0; turn < 50 && nHeld() > 0; turn++) await setImmediate();
      assert.equal(nHeld(), 0);
    });
  });
});
