// Which tokens end an answer, and which begin a prompt: every file of a checkpoint may say it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { inspectPath, openCheckpoint } from '@llama-ts/exporter';
import type { TokenizerData } from '@llama-ts/format';
import {
  createChat,
  createTokenizer,
  encodePrompt,
  findTurnEnd,
  type Model,
  openModel,
  type TemplateEnd,
  templateEndToken,
} from '@llama-ts/runtime';
import { withFolder } from '../40-exporter/support.js';
import {
  BOS,
  EOS,
  EOT,
  HEAD,
  openSmallModel,
  processor,
  type SmallModel,
  SPECIALS,
  TEMPLATE,
  writeSmallModel,
} from './support.js';

const added = SPECIALS;
const bosText = '<|begin_of_text|>';

async function withModel(made: Partial<SmallModel>, check: (model: Model) => Promise<void> | void): Promise<void> {
  await withFolder(async (folder) => {
    const model = await openSmallModel(folder, { added, ...made });
    try {
      await check(model);
    } finally {
      await model.close();
    }
  });
}

describe('end-of-sequence tokens', () => {
  const sources: readonly (readonly [string, Partial<SmallModel>, readonly number[]])[] = [
    ['config.json', {}, [EOS]],
    ['generation_config.json, as a list', { generationConfig: { eos_token_id: [HEAD, EOS] } }, [HEAD, EOS]],
    ['tokenizer_config.json', { tokenizerConfig: { eos_token: '<|eot_id|>' } }, [EOS, EOT]],
    ['tokenizer_config.json, as an object', { tokenizerConfig: { eos_token: { content: '<|eot_id|>' } } }, [EOS, EOT]],
    ['no token that the tokenizer does not have', { tokenizerConfig: { eos_token: '</s>' } }, [EOS]],
    ['the chat template', { tokenizerConfig: { chat_template: TEMPLATE } }, [EOS, EOT]],
    ['a template that fails', { tokenizerConfig: { chat_template: '{{ raise_exception("no") }}' } }, [EOS]],
    [
      'a template that ends turns with text',
      { tokenizerConfig: { chat_template: '{{ messages[1].content }} END' } },
      [EOS],
    ],
  ];
  for (const [what, made, expected] of sources) {
    it(`come from ${what}`, () => withModel(made, ({ settings }) => assert.deepEqual(settings.eosIds, expected)));
  }

  it('can be set by the caller instead', async () => {
    await withFolder(async (folder) => {
      const made = { added, tokenizerConfig: { chat_template: TEMPLATE } };
      const model = await openSmallModel(folder, made, { settings: { eosIds: [] } });
      assert.deepEqual(model.settings.eosIds, []);
      await model.close();
    });
  });

  it('of a chat include the token that ends a turn in the template', () =>
    withModel({ tokenizerConfig: { chat_template: TEMPLATE } }, async (model) => {
      const chat = createChat(model, { temperature: 0, maxTokens: 5, logitBias: { [EOT]: 1000 } });
      const events = [];
      for await (const event of chat.send('hi')) events.push(event);
      const end = events.at(-1)!;
      assert.ok(end.type === 'end' && end.reason === 'eos' && end.eosId === EOT && end.nTokens === 0);
    }));

  it('are listed with their origins for a folder and for its .bin file', async () => {
    await withFolder(async (folder) => {
      const made = {
        added,
        generationConfig: { eos_token_id: EOS },
        tokenizerConfig: { eos_token: '<|eot_id|>', chat_template: TEMPLATE },
      };
      await (await openSmallModel(folder, made)).close();
      const options = {
        findTurnEnd: (data: TokenizerData, end: TemplateEnd) => templateEndToken(createTokenizer(data), end),
      };
      const expected = [
        { id: EOS, sources: ['generation_config.json', 'config.json'] },
        { id: EOT, sources: ['tokenizer_config.json', 'chat template'] },
      ];
      const found = await inspectPath(folder, options);
      assert.ok(found.kind === 'checkpoint');
      assert.deepEqual(found.model.eosSources, expected);
      const bin = await inspectPath(join(folder, 'model.bin'), options);
      assert.ok(bin.kind === 'bin');
      assert.deepEqual(bin.trailer!.eosSources, expected);
    });
  });

  it('are the same for inspect and for a chat when the template ends a turn with a token of the files', async () => {
    await withFolder(async (folder) => {
      const template = '{{ messages[1].content }}{{ eos_token }}';
      const model = await openSmallModel(folder, {
        added,
        generationConfig: { eos_token_id: EOS },
        tokenizerConfig: { eos_token: '<|eot_id|>', chat_template: template },
      });
      await model.close();
      const found = await inspectPath(join(folder, 'model.bin'), {
        findTurnEnd: (data: TokenizerData, end: TemplateEnd) => templateEndToken(createTokenizer(data), end),
      });
      assert.ok(found.kind === 'bin');
      assert.deepEqual(found.trailer!.eosIds, model.settings.eosIds);
      assert.deepEqual(found.trailer!.eosSources.at(-1)?.sources.at(-1), 'chat template');
    });
  });

  it('are found in a template whatever stands between answer and token, but not before the answer', () =>
    withModel({}, ({ tokenizer }) => {
      const end = (template: string) => findTurnEnd(tokenizer!, template);
      assert.equal(end("{{ messages[1].content + ' \n' }}<|eot_id|>"), EOT);
      assert.equal(end('{{ messages[1].content | trim }}<|eot_id|>\n<|end_of_text|>'), EOT);
      assert.equal(end('<|eot_id|>{{ messages[1].content }}'), null);
      assert.equal(end('{{ messages[0].content }}<|eot_id|>'), null);
      assert.equal(end('{% if'), null);
    }));
});

describe('the token in front of a prompt', () => {
  const text = { config: { bos_token_id: null } };
  const cases: readonly (readonly [string, Partial<SmallModel>, readonly number[]])[] = [
    ['what the post-processor puts there, whatever config.json says', text, [BOS]],
    ['nothing, where the post-processor puts nothing', { tokenizer: { post_processor: null } }, []],
    ['several tokens', { tokenizer: { post_processor: processor([bosText, '<|eot_id|>']) } }, [BOS, EOT]],
    [
      'no end token that a post-processor puts after texts',
      { tokenizer: { post_processor: processor([bosText], ['<|eot_id|>']) } },
      [BOS],
    ],
    [
      'what a sequence of post-processors puts there',
      {
        tokenizer: { post_processor: { type: 'Sequence', processors: [{ type: 'ByteLevel' }, processor([bosText])] } },
      },
      [BOS],
    ],
    [
      'what RobertaProcessing puts there',
      { tokenizer: { post_processor: { type: 'RobertaProcessing', cls: [bosText, BOS], sep: ['<|eot_id|>', EOT] } } },
      [BOS],
    ],
    ['nothing with add_bos_token false', { tokenizerConfig: { add_bos_token: false } }, []],
    [
      "the tokenizer's bos_token with add_bos_token true",
      {
        ...text,
        tokenizer: { post_processor: null },
        tokenizerConfig: { add_bos_token: true, bos_token: { content: bosText } },
      },
      [BOS],
    ],
  ];
  for (const [what, made, expected] of cases) {
    it(`is ${what}`, () =>
      withModel(made, (model) => {
        assert.deepEqual(encodePrompt(model, 'A'), [...expected, ...model.tokenizer!.encode('A')]);
      }));
  }

  it('is refused when the model has no such token', async () => {
    await withFolder(async (folder) => {
      const post_processor = { type: 'RobertaProcessing', cls: [bosText, 999], sep: [bosText, BOS] };
      await writeSmallModel(folder, { added, tokenizer: { post_processor } });
      await assert.rejects(openCheckpoint(folder), { code: 'BAD_TOKENIZER' });
    });
  });

  it('is not added when a prompt with special tokens begins with it', () =>
    withModel({}, (model) => {
      const a = model.tokenizer!.encode('a');
      const specials = 'tokens';
      assert.deepEqual(encodePrompt(model, '<|begin_of_text|>a', { specials }), [BOS, ...a]);
      assert.deepEqual(encodePrompt(model, '<|eot_id|>a', { specials }), [BOS, EOT, ...a]);
      assert.deepEqual(encodePrompt(model, 'a', { specials }), [BOS, ...a]);
      assert.equal(encodePrompt(model, '<|begin_of_text|>a').filter((id) => id === BOS).length, 1);
      assert.ok(encodePrompt(model, '<|begin_of_text|>a').length > 10);
    }));
});

describe('a model without a chat template', () => {
  it('chats by a template that is given, and without one suggests how to give it', async () => {
    await withFolder(async (folder) => {
      const model = await openSmallModel(folder, { added });
      assert.throws(
        () => createChat(model),
        (error: { code?: string; suggestions?: string[] }) => {
          return error.code === 'NO_CHAT_TEMPLATE' && error.suggestions![0]!.includes('--chat-template');
        },
      );
      await model.close();
      const given = await openModel(join(folder, 'model.bin'), { backend: 'reference', chatTemplate: TEMPLATE });
      const chat = createChat(given);
      chat.setMessages([{ role: 'user', content: 'a' }]);
      assert.ok(chat.countTokens() > 0);
      assert.deepEqual(given.settings.eosIds, [EOS, EOT]);
      await given.close();
    });
  });
});
