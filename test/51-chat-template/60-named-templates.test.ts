import { strict as assert } from 'node:assert';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { type Checkpoint, convertModel, exportModel, openCheckpoint } from '@llama-ts/exporter';
import { openFile, readBinFile } from '@llama-ts/format';
import { encodeMessages, type Model, openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { copyModel, drain, withFolder } from '../40-exporter/support.js';

const messages = [{ role: 'user', content: 'a' }];
const TEMPLATES = [
  { name: 'default', template: 'D {{ messages[0].content }}{{ eos_token }}' },
  { name: 'tool_use', template: 'T {{ tools | length }}{{ eos_token }}' },
  { name: 'rag', template: 'R {{ documents | length }}{{ pad_token }}' },
];
const NAMED = { rag: TEMPLATES[2]!.template, tool_use: TEMPLATES[1]!.template };

/** The sample model with other fields of its tokenizer_config.json. */
async function sampleWith(folder: string, config: Record<string, unknown>): Promise<string> {
  const model = join(folder, 'model');
  await mkdir(model);
  await copyModel(sampleModelPath, model);
  const path = join(model, 'tokenizer_config.json');
  const original = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...original, ...config }));
  return model;
}

async function exported(source: string, output: string): Promise<string> {
  await drain(exportModel({ source, output, version: 2 }));
  return output;
}

async function withModel<T>(path: string, use: (model: Model) => T): Promise<T> {
  const model = await openModel(path, { context: 64 });
  try {
    return use(model);
  } finally {
    await model.close();
  }
}

const textOf = (model: Model, options: Parameters<typeof encodeMessages>[2] = {}) =>
  model.tokenizer!.decode(encodeMessages(model, messages, options));

describe('chat templates with names', function () {
  this.timeout(60_000);

  it('are chosen as transformers chooses: tool_use with tools, the default without, others when asked for', async () => {
    await withFolder(async (folder) => {
      const source = await sampleWith(folder, {
        chat_template: TEMPLATES,
        pad_token: { content: '<|finetune_right_pad_id|>', special: true },
      });
      await withModel(await exported(source, join(folder, 'm.bin')), (model) => {
        assert.equal(textOf(model), 'D a<|eot_id|>');
        assert.equal(textOf(model, { tools: [{}, {}] }), 'T 2<|eot_id|>');
        assert.equal(textOf(model, { tools: [] }), 'T 0<|eot_id|>');
        assert.equal(textOf(model, { templateName: 'rag', documents: [{}] }), 'R 1<|finetune_right_pad_id|>');
        assert.equal(textOf(model, { templateName: 'default', tools: [{}] }), 'D a<|eot_id|>');
        assert.throws(() => textOf(model, { templateName: 'nope' }), {
          code: 'INVALID_OPTION',
          message: /default, rag, tool_use/,
        });
      });
    });
  });

  it('come from chat_template.jinja and additional_chat_templates before tokenizer_config.json', async () => {
    await withFolder(async (folder) => {
      const source = await sampleWith(folder, { chat_template: TEMPLATES });
      await writeFile(join(source, 'chat_template.jinja'), 'J');
      const found = async (): Promise<Checkpoint> => {
        const checkpoint = await openCheckpoint(source);
        await checkpoint.close();
        return checkpoint;
      };
      assert.deepEqual([(await found()).chatTemplate, (await found()).namedTemplates], ['J', undefined]);
      await mkdir(join(source, 'additional_chat_templates'));
      await writeFile(join(source, 'additional_chat_templates', 'rag.jinja'), 'JR');
      await writeFile(join(source, 'additional_chat_templates', 'notes.txt'), 'no template');
      const { chatTemplate, namedTemplates, files } = await found();
      assert.deepEqual([chatTemplate, namedTemplates], ['J', { rag: 'JR' }]);
      assert.ok(files.includes('additional_chat_templates/rag.jinja'));
      await rm(join(source, 'chat_template.jinja'));
      const withoutDefault = await found();
      assert.deepEqual([withoutDefault.chatTemplate, withoutDefault.namedTemplates], [null, { rag: 'JR' }]);
      assert.match(withoutDefault.warnings.join(), /no chat template is named "default"/);
    });
  });

  it('travel to a .bin file, to GGUF and to a Hugging Face folder, and back', async () => {
    await withFolder(async (folder) => {
      const source = await sampleWith(folder, { chat_template: TEMPLATES, eos_token: '<|end_of_text|>' });
      const bin = await exported(source, join(folder, 'm.bin'));
      const file = await openFile(bin);
      const { trailer } = await readBinFile(file);
      await file.close();
      assert.deepEqual(trailer!.description.namedTemplates, NAMED);
      assert.deepEqual(trailer!.description.templateTokens, { eos_token: '<|end_of_text|>' });
      for (const [from, to] of [
        [source, 'a'],
        [bin, 'b'],
      ] as const) {
        const gguf = join(folder, `${to}.gguf`);
        await drain(convertModel({ source: from, output: gguf, to: 'gguf', type: 'F32' }));
        const metadata = await readMetadata(gguf);
        assert.equal(metadata.get('tokenizer.chat_template'), TEMPLATES[0]!.template);
        assert.equal(metadata.get('tokenizer.chat_template.tool_use'), NAMED.tool_use);
        assert.equal(metadata.get('tokenizer.chat_template.rag'), NAMED.rag);
        assert.deepEqual(metadata.get('tokenizer.chat_templates'), ['rag', 'tool_use']);
        const output = join(folder, to);
        await drain(convertModel({ source: from, output, to: 'safetensors', type: 'F32' }));
        const again = await openCheckpoint(output);
        await again.close();
        assert.equal(again.chatTemplate, TEMPLATES[0]!.template);
        assert.deepEqual(again.namedTemplates, NAMED);
        assert.deepEqual(again.templateTokens, { eos_token: '<|end_of_text|>' });
      }
    });
  });
});

describe('bos_token and eos_token of a template', () => {
  it("are tokenizer_config.json's, and else the begin token and <|eot_id|>", async () => {
    await withFolder(async (folder) => {
      const template = '{{ bos_token }}a{{ eos_token }}{{ pad_token }}';
      const source = await sampleWith(folder, { chat_template: template, eos_token: '<|end_of_text|>' });
      await withModel(await exported(source, join(folder, 'm.bin')), (model) => {
        assert.equal(textOf(model), '<|begin_of_text|>a<|end_of_text|>');
        const ids = encodeMessages(model, messages);
        assert.equal(ids.at(-1), model.tokenizer!.specialId('<|end_of_text|>'));
      });
      await rm(join(source, 'tokenizer_config.json'));
      await writeFile(join(source, 'chat_template.jinja'), template);
      await withModel(await exported(source, join(folder, 'n.bin')), (model) => {
        assert.equal(textOf(model), '<|begin_of_text|>a<|eot_id|>');
      });
    });
  });
});

async function readMetadata(path: string): Promise<Map<string, unknown>> {
  const { metadata } = await gguf(path, { allowLocalFile: true });
  return new Map(Object.entries(metadata));
}
