// Inputs that once got past a check, hung, or ended in another exception: each keeps its concrete form.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource, openFile } from '@llama-ts/base';
import { openCheckpoint, parseConfig, parseTiktoken, parseTokenizerJson } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { description, modelBytes, v2 } from '../10-format/support.js';
import { copyModel, failsWith, withFolder } from '../40-exporter/support.js';
import { repairFooter } from './fuzz/binary-targets.js';

/** JSON, half a million bytes long. */
const DEEP = '['.repeat(250_000) + ']'.repeat(250_000);

/** Opens the bundled model with one file's text changed. */
async function openChanged(path: string, change: (text: string) => string): Promise<void> {
  await withFolder(async (folder) => {
    await copyModel(sampleModelPath, folder);
    await writeFile(join(folder, path), change(await readFile(join(folder, path), 'utf8')));
    await (await openCheckpoint(folder)).close();
  });
}

describe('a checkpoint', () => {
  const configs: readonly [string, string, string, RegExp, string][] = [
    ['a rope_theta past float64', 'config.json', '"rope_theta": 1e400', /"rope_theta":[^,}]*/, 'BAD_CONFIG'],
    ['a RoPE factor past float64', 'config.json', '"factor": 1e400', /"factor":[^,}]*/, 'BAD_CONFIG'],
    [
      'a temperature past float64',
      'generation_config.json',
      '"temperature": 1e400',
      /"temperature":[^,}]*/,
      'BAD_CONFIG',
    ],
    ['a width nested too deep to show', 'config.json', `"hidden_size": ${DEEP}`, /"hidden_size":[^,}]*/, 'BAD_CONFIG'],
    [
      'an architecture nested too deep',
      'config.json',
      `"architectures": ${DEEP}`,
      /"architectures":[^\]]*\]/,
      'BAD_CONFIG',
    ],
    ['an id nested too deep', 'tokenizer.json', `"id":${DEEP}`, /"id":\s*\d+/, 'BAD_TOKENIZER'],
    ['a template nested too deep', 'tokenizer_config.json', `{"chat_template":${DEEP},`, /\{/, 'BAD_TOKENIZER'],
  ];
  for (const [what, path, now, before, code] of configs) {
    it(`with ${what} is refused`, async () => {
      // A function, so that no $ of the replacement means anything.
      const change = (text: string): string => text.replace(before, () => now);
      await failsWith(code, openChanged(path, change));
    });
  }

  it('with a long list as an id is refused in a short message', async () => {
    const list = `"id":[${'1,'.repeat(10_000)}1]`;
    const message = await failsWith(
      'BAD_TOKENIZER',
      openChanged('tokenizer.json', (text) => text.replace(/"id":\s*\d+/, list)),
    );
    assert.ok(message.length < 500, `${message.length} characters`);
  });

  it('with many brackets in a string is not refused as nested too deep', () =>
    openChanged('tokenizer_config.json', (text) => text.replace('{', () => `{"x":"\\"${'[{'.repeat(200)}",`)));
});

it('an object nested too deep is refused by every parser of objects', () => {
  const deep: unknown = JSON.parse(DEEP);
  assert.throws(() => parseConfig({ model_type: 'llama', hidden_size: deep }, 'config.json'), { code: 'BAD_CONFIG' });
  assert.throws(() => parseTokenizerJson({ model: { type: deep } }, 'tokenizer.json'), { code: 'BAD_TOKENIZER' });
});

it('a tokenizer.model of a hundred million line ends is refused at the first', () => {
  assert.throws(() => parseTiktoken(Buffer.alloc(100_000_000, '\n'), 'tokenizer.model'), {
    code: 'BAD_TOKENIZER',
    message: /line 1 /,
  });
});

it('a trailer whose description is nested too deep is refused', async () => {
  const depth = 50_000;
  const template = 'x'.repeat(2 * depth - 2);
  const file = Buffer.from(modelBytes(v2, { ...description, chatTemplate: template }));
  file.write('['.repeat(depth) + ']'.repeat(depth), file.indexOf(`"${template}"`));
  await failsWith('BAD_TRAILER', readBinFile(bytesSource(repairFooter(new Uint8Array(file)), 'deep.bin')));
});

describe('a named pipe without a writer', () => {
  before(function () {
    if (process.platform === 'win32') this.skip(); // there are none
  });

  it('is refused in place of a .bin file, and not waited for', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'model.bin');
      execFileSync('mkfifo', [path]);
      await failsWith('FILE_UNREADABLE', openFile(path));
    }));

  it('is refused in place of config.json, and not waited for', () =>
    withFolder(async (folder) => {
      await copyModel(sampleModelPath, folder);
      const path = join(folder, 'config.json');
      await rm(path);
      execFileSync('mkfifo', [path]);
      await failsWith('FILE_UNREADABLE', openCheckpoint(folder));
    }));
});
