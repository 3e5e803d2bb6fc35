// What a model's name means.

import { strict as assert } from 'node:assert';
import { modelNameText, parseModelName } from '../../packages/cli/src/store/model-name.js';
import { failsWith } from '../helpers/failure.js';

describe("a model's name", () => {
  it('is a repository, a variant after a colon and a revision after an at sign, in either order', () => {
    const cases: readonly (readonly [string, string, string, string])[] = [
      ['me/tiny', 'me/tiny', 'q4', 'main'],
      ['me/tiny:q8', 'me/tiny', 'q8', 'main'],
      ['me/tiny@v1', 'me/tiny', 'q4', 'v1'],
      ['me/tiny:q8@v1', 'me/tiny', 'q8', 'v1'],
      ['me/tiny@v1:q8', 'me/tiny', 'q8', 'v1'],
      ['me/tiny@refs/pr/3', 'me/tiny', 'q4', 'refs/pr/3'],
      ['hf.co/me/tiny:f32', 'me/tiny', 'f32', 'main'],
      ['https://huggingface.co/me/tiny', 'me/tiny', 'q4', 'main'],
      ['https://huggingface.co/me/tiny/', 'me/tiny', 'q4', 'main'],
      ['hf://me/tiny@v1', 'me/tiny', 'q4', 'v1'],
    ];
    for (const [name, repo, variant, revision] of cases) {
      assert.deepEqual(parseModelName(name), { repo, variant, revision }, name);
    }
  });

  it('has variants by their bits, by the version of the file and by the name in llama.cpp, in any case', () => {
    const words = { q4: ['q4', 'Q4', 'v3', 'V3'], q8: ['q8', 'Q8', 'q8_0', 'Q8_0', 'v2'], f32: ['f32', 'F32', 'v1'] };
    for (const [variant, names] of Object.entries(words)) {
      for (const word of names) assert.equal(parseModelName(`me/tiny:${word}`)?.variant, variant, word);
    }
  });

  it('of another quantization is refused', async () => {
    for (const word of ['Q4_K_M', 'IQ2_XS', 'latest', 'bf16']) {
      await failsWith('USAGE', (async () => parseModelName(`me/tiny:${word}`))());
    }
  });

  it('is no path, no name of ollama, and no sentence', () => {
    const others = ['tiny', 'tiny.bin', 'out/tiny.bin', 'out/tiny.gguf', './me/tiny', '../tiny', '/me/tiny', 'a/b/c'];
    for (const name of [...others, 'llama3.2:1b', 'Once upon a time', 'me/', '/tiny', 'me/tiny/', 'C:\\me\\tiny', '']) {
      assert.equal(parseModelName(name), null, name);
    }
  });

  it('is shown so that it means the same when it is typed', () => {
    for (const name of ['me/tiny:q4', 'me/tiny:q8@v1', 'me/tiny:f32@refs/pr/3']) {
      assert.equal(modelNameText(parseModelName(name)!), name);
    }
  });
});
