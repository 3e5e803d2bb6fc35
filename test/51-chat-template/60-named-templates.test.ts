import { strict as assert } from 'node:assert';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { openFile } from '@llama-ts/base';
import { convertModel, exportModel, type ModelSource, openCheckpoint } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { encodeMessages, type Model, openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { copyModel, drain, withFolder } from '../40-exporter/support.js';
import { runLlama } from '../helpers/run-llama.js';

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

  it('are chosen as in transformers: tool_use with tools, the default without, others by name', async () => {
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

  it('are listed by llama inspect, and llama run and llama chat take the one that --template-name names', async () => {
    await withFolder(async (folder) => {
      const chat_template = [
        { name: 'default', template: '{{ messages[0].content }}' },
        { name: 'rag', template: '{% for _ in range(30) %}{{ messages[0].content }} {% endfor %}' },
      ];
      await exported(await sampleWith(folder, { chat_template }), join(folder, 'm.bin'));
      await writeFile(join(folder, 'in.jsonl'), `${JSON.stringify({ messages, max_tokens: 1 })}\n`);
      const llama = async (...args: string[]) => {
        const { exitCode, stdout, stderr } = await runLlama(args, { cwd: folder });
        return { exitCode, stdout, stderr };
      };
      const { stdout } = await llama('inspect', 'm.bin');
      assert.match(stdout, /^ *named templates +rag$/m);
      const nPromptTokens = async (...name: string[]): Promise<number> => {
        const run = await llama('run', 'm.bin', '--input', 'in.jsonl', '--output', 'out.jsonl', '--force', ...name);
        assert.equal(run.exitCode, 0, run.stderr);
        return JSON.parse(await readFile(join(folder, 'out.jsonl'), 'utf8')).nPromptTokens;
      };
      const nOfDefault = await nPromptTokens();
      assert.ok((await nPromptTokens('--template-name', 'rag')) > 20 + nOfDefault);
      assert.equal(await nPromptTokens('--template-name', 'default'), nOfDefault);
      for (const args of [
        ['run', 'm.bin', '--mode', 'chat', '-i', 'a'],
        ['chat', 'm.bin', 'a'],
      ]) {
        const refused = await llama(...args, '--template-name', 'nope');
        assert.equal(refused.exitCode, 2, refused.stderr);
        assert.match(refused.stderr, /nope.*default.*rag.*\[INVALID_OPTION\]/s);
      }
    });
  });

  it('are read from chat_template.jinja and additional_chat_templates before tokenizer_config.json', async () => {
    await withFolder(async (folder) => {
      const source = await sampleWith(folder, { chat_template: TEMPLATES });
      await writeFile(join(source, 'chat_template.jinja'), 'J');
      const found = async (): Promise<ModelSource> => {
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

  it('are kept in a .bin file, in GGUF and in a Hugging Face folder', async () => {
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

describe('the bos_token and eos_token of a template', () => {
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
