import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import { type ChatMessage, encodeChat, renderChat } from '@llama-ts/runtime';
import { findPython, renderByOracle } from '../helpers/jinja-oracle.js';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { llamaFile, llamaTokenizer, oracleIds, oracleTokenizer, readJson } from '../helpers/tokenizers.js';
import { FAMILY_TEMPLATES } from './templates.js';

const N_CONVERSATIONS = 200;
const NOW = new Date(2024, 6, 26, 14, 5, 9);
const llamaTemplate = readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template;
const TEMPLATES = [
  ...FAMILY_TEMPLATES,
  { family: 'Llama 3.2, the real one', constructs: 'its own', source: llamaTemplate },
];
const PIECES = [
  ...[
    'Hello',
    ' world',
    'naïve café',
    'привет',
    '東京',
    '안녕',
    '😀',
    '👩‍👩‍👧',
    'ß',
    '"quoted"',
    "it's",
    '{"a": 1}',
    '<b>&amp;',
    '\\n',
  ],
  ...[' ', '  ', '\n', '\n\n', '\t', '\r\n', '\u0085', '\u00a0', '\u001c', '\u3000', '\ufeff', '\u2028'],
  ...['<think>', '</think>', '<tool_call>', '{{ x }}', '{% if %}', '%s', '{}', '1.50', 'True', 'None'],
];
const SPECIALS = ['<|eot_id|>', '<|start_header_id|>', '<|begin_of_text|>', '<|eot', '_id|>', '<|end_of_text|>'];

interface Conversation {
  readonly messages: ChatMessage[];
  readonly tools: unknown[] | null;
  readonly documents: unknown[] | null;
  readonly variables: Record<string, unknown>;
  readonly addGenerationPrompt: boolean;
}

function text(random: Random, pieces: readonly string[]): string {
  return Array.from({ length: Math.floor(random() * 8) }, () => pick(random, pieces)).join('');
}

function json(random: Random, pieces: readonly string[], depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 1 ? 5 : 7));
  if (kind === 0) return null;
  if (kind === 1) return random() < 0.5;
  if (kind === 2) return pick(random, [0, -1, 42, 1.5, -0.25, 1e-7, 123456789012, 1e21]);
  if (kind < 5) return text(random, pieces);
  const items = Array.from({ length: Math.floor(random() * 3) }, () => json(random, pieces, depth + 1));
  return kind === 5
    ? items
    : Object.fromEntries(items.map((item, i) => [pick(random, ['city', 'n', 'é', 'x y', 'type']) + i, item]));
}

function schema(random: Random, pieces: readonly string[], depth = 0): Record<string, unknown> {
  const type = pick(random, ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null', ['string', 'null']]);
  return {
    ...(random() < 0.9 ? { type } : {}),
    ...(random() < 0.5 ? { description: text(random, pieces) } : {}),
    ...(random() < 0.2 ? { enum: ['a', 1, null] } : {}),
    ...(type === 'array' && random() < 0.7 ? { items: schema(random, pieces, depth + 1) } : {}),
    ...(type === 'object' && depth < 2
      ? { properties: { a: schema(random, pieces, depth + 1), b: schema(random, pieces, depth + 1) }, required: ['a'] }
      : {}),
  };
}

function message(random: Random, pieces: readonly string[]): ChatMessage {
  const role = pick(random, ['system', 'user', 'user', 'assistant', 'assistant', 'tool', 'ipython']);
  const said =
    random() < 0.75
      ? text(random, pieces)
      : pick(random, [null, [{ type: 'text', text: text(random, pieces) }], json(random, pieces)]);
  if (role !== 'assistant' || random() < 0.6) return { role, content: said, ...(random() < 0.1 ? { name: 'n' } : {}) };
  const calls = Array.from({ length: random() < 0.8 ? 1 : 2 }, () => {
    const args = { city: text(random, pieces), n: json(random, pieces) };
    return {
      type: 'function',
      function: { name: 'weather', arguments: random() < 0.7 ? args : JSON.stringify(args) },
    };
  });
  return { role, content: pick(random, [null, '', said]), tool_calls: calls };
}

function conversation(random: Random, hasSpecials: boolean): Conversation {
  const pieces = hasSpecials ? [...PIECES, ...SPECIALS] : PIECES;
  const messages = Array.from({ length: 1 + Math.floor(random() * 6) }, () => message(random, pieces));
  const tool = () => {
    const parameters = {
      type: 'object',
      properties: { city: schema(random, pieces), days: schema(random, pieces) },
      required: ['city'],
    };
    return { type: 'function', function: { name: 'weather', description: text(random, pieces), parameters } };
  };
  return {
    messages: random() < 0.5 ? [{ role: 'system', content: text(random, pieces) }, ...messages] : messages,
    tools: random() < 0.4 ? Array.from({ length: 1 + Math.floor(random() * 2) }, tool) : null,
    documents: random() < 0.2 ? [{ title: text(random, pieces), n: json(random, pieces), c: 1 }] : null,
    variables: {
      ...(random() < 0.3 ? { enable_thinking: random() < 0.5 } : {}),
      ...(random() < 0.1 ? { strict: true } : {}),
      ...(random() < 0.5 ? { date_string: '26 Jul 2024' } : {}),
    },
    addGenerationPrompt: random() < 0.7,
  };
}

describe("chat templates of Llama 3's families", function () {
  this.timeout(600_000);
  const tokenizer = llamaTokenizer();

  it(`render as in transformers, ${TEMPLATES.length} templates with ${N_CONVERSATIONS} conversations each: text, tokens and refusals`, async function () {
    const python = findPython();
    if (python === null) return this.skip();
    const cases = TEMPLATES.flatMap(({ source }, t) =>
      Array.from({ length: N_CONVERSATIONS }, (_, i) => {
        const hasSpecials = i % 3 === 0;
        return { source, hasSpecials, talk: conversation(seededRandom(1000 * t + i), hasSpecials) };
      }),
    );
    assert.ok(cases.length >= 4000);
    const expected = renderByOracle(
      python,
      cases.map(({ source, talk: { messages, tools, documents, variables, addGenerationPrompt } }) => ({
        template: source,
        variables: {
          ...{ messages, tools, documents, add_generation_prompt: addGenerationPrompt, ...variables },
          ...{ bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' },
        },
        now: NOW,
      })),
    );
    const plainTexts: string[] = [];
    const plainIds: number[][] = [];
    let nRendered = 0;
    for (const [i, { source, hasSpecials, talk }] of cases.entries()) {
      const { messages, tools, documents, variables, addGenerationPrompt } = talk;
      const options = {
        today: NOW,
        variables,
        addGenerationPrompt,
        tools: tools ?? undefined,
        documents: documents ?? undefined,
      };
      const theirs = expected[i]!;
      const where = `${TEMPLATES[Math.floor(i / N_CONVERSATIONS)]!.family}, conversation ${i % N_CONVERSATIONS}`;
      if ('error' in theirs) {
        assert.throws(
          () => renderChat(tokenizer, source, messages, options),
          (error) => isToolkitError(error) && error.code === 'TEMPLATE_ERROR',
          `${where}: ${theirs.error} ${theirs.message}`,
        );
        continue;
      }
      nRendered++;
      assert.equal(renderChat(tokenizer, source, messages, options), theirs.text, where);
      const ids = encodeChat(tokenizer, source, messages, options);
      assert.equal(tokenizer.decode(ids), theirs.text, where);
      if (hasSpecials) continue;
      plainTexts.push(theirs.text);
      plainIds.push(ids);
    }
    const ids = await oracleIds(oracleTokenizer(llamaFile('tokenizer.json'), { specials: 'tokens' }), plainTexts);
    for (const [i, theirs] of ids.entries()) assert.deepEqual(plainIds[i], theirs, plainTexts[i]);
    // Most conversations are taken; what the rest shows is that both refuse.
    assert.ok(nRendered > 0.75 * cases.length, `${nRendered} of ${cases.length} rendered`);
  });
});
