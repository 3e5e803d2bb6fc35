// The report page: what it says, and that no name or text of a file can become markup.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { parseEvaluation, parseVerifyResult, renderReport } from '@llama-ts/evaluate';
import { runLlama } from '../helpers/run-llama.js';
import { evaluation, verifySample, withFolder } from './support.js';

describe('the report page', function () {
  this.timeout(60_000);

  for (const version of [2, 3] as const) {
    it(`has every quantized tensor of a v${version} with its figures, and every bin of the histogram of scales`, async () => {
      const result = await verifySample(version);
      const page = renderReport({ verify: result });
      for (const { name, dtype, errors } of result.tensors) {
        const row = page.split('\n').find((line) => line.startsWith(`<tr><th scope="row">${name}</th>`));
        assert.equal(row !== undefined, dtype !== 'F32', name);
        if (row !== undefined) assert.ok(row.includes(`>${errors!.snr.toFixed(2)}</td>`), row);
      }
      const nGroups = result.tensors.flatMap(({ scales }) => scales).reduce((sum, { count }) => sum + count, 0);
      assert.ok(page.includes(`Group scales of all quantized tensors, ${nGroups} groups`));
      assert.ok(
        page.includes(`v${version}, ${version === 2 ? '8 bits, group size 64' : '4 and 8 bits, group size 32'}`),
      );
    });
  }

  it('says where the bits went: bytes of each kind of tensor that add up to those of all, and their errors', async () => {
    const result = await verifySample(3);
    const page = renderReport({ verify: result });
    const rows = page
      .slice(page.indexOf('Where the bits went'), page.indexOf('Error by layer'))
      .split('\n')
      .filter((line) => line.startsWith('<tr><th scope="row">'))
      .map((line) => [...line.matchAll(/>([^<>]*)<\/t[hd]>/g)].map(([, cell]) => cell!));
    const kinds = new Set(result.tensors.map(({ name }) => name.replace(/^layers\.\d+\.|\.weight$/g, '')));
    assert.deepEqual(rows.map(([name]) => name).sort(), [...kinds].sort());
    const sum = (column: number): number => rows.reduce((total, row) => total + Number(row[column]), 0);
    assert.ok(Math.abs(sum(4) - 100) < 1 && Math.abs(sum(7) - 100) < 1, page);
    const ofLayers = rows.find(([name]) => name === 'feed_forward.w2')!;
    const tensors = result.tensors.filter(({ name }) => name.endsWith('feed_forward.w2.weight'));
    const bytes = tensors.reduce((total, { byteLength }) => total + byteLength, 0);
    assert.deepEqual(ofLayers.slice(1, 4), ['Q4', String(tensors.length), (bytes / 1e6).toFixed(2)]);
    const nWeights = tensors.reduce((total, { shape: [rows, cols] }) => total + rows! * cols!, 0);
    assert.equal(ofLayers[5], ((8 * bytes) / nWeights).toFixed(2));
    // The relative error of all is between that of the best and the worst.
    const errors = tensors.map(({ errors }) => 100 * 10 ** (-errors!.snr / 20));
    const relative = Number(ofLayers[6]);
    assert.ok(relative > 0.99 * Math.min(...errors) && relative < 1.01 * Math.max(...errors), String(relative));
  });

  it('is the same from the result and from its JSON', async () => {
    const result = await verifySample();
    const again = parseVerifyResult(JSON.stringify(result), 'verify.json');
    assert.equal(renderReport({ verify: again }), renderReport({ verify: result }));
    assert.deepEqual(parseEvaluation(JSON.stringify(evaluation), 'eval.json'), evaluation);
  });

  it('distinguishes an exact copy from errors in a source of zeros, also when it is made from JSON', async () => {
    const result = await verifySample();
    const [first, second, ...others] = result.tensors.filter(({ dtype }) => dtype === 'Q8_0');
    const exact = { ...first!, errors: { ...first!.errors!, maxError: 0, rmse: 0, snr: Infinity } };
    const lost = { ...second!, errors: { ...second!.errors!, snr: -Infinity, cosine: 0 } };
    const check = { subject: lost.name, bound: 'min-snr', limit: 30, found: -Infinity, passed: false };
    const verify = { ...result, tensors: [exact, lost, ...others], checks: [check], passed: false };
    const page = renderReport({ verify: parseVerifyResult(JSON.stringify(verify), 'verify.json') });
    assert.equal(page, renderReport({ verify }));
    const row = (name: string): string => page.split('\n').find((line) => line.includes(`row">${name}</th>`))!;
    assert.match(row(exact.name), />exact<\/td>/);
    assert.match(row(lost.name), />-Infinity<\/td>/);
    assert.match(page, /snr -Infinity, expected at least 30/);
    assert.ok(!page.includes('NaN'));
  });

  it('shows markup in names and texts as plain text', async () => {
    const nasty = '"><script>alert(1)</script>&\u0007';
    const result = await verifySample();
    const page = renderReport({
      title: nasty,
      verify: {
        ...result,
        model: { ...result.model, path: nasty },
        findings: [{ part: 'tensor', tensor: nasty, code: 'X', message: nasty, position: null }],
        tensors: result.tensors.map((tensor) => ({ ...tensor, name: `${tensor.name}${nasty}` })),
        passed: false,
      },
      evaluation: {
        ...evaluation,
        worst: evaluation.worst.map((token) => ({ ...token, before: nasty, token: nasty })),
      },
    });
    assert.ok(!page.includes('<script') && !page.includes('\u0007'));
    assert.ok(page.includes('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;\ufffd'));
  });

  it('refuses JSON that is no result, and names the place', () => {
    for (const [text, where] of [
      ['{', /no JSON/],
      ['{"model": 1}', /model is no object/],
      [
        JSON.stringify({ ...evaluation, along: { nll: [1, 'x'], kl: null } }),
        /along\.nll\[1\] is string, expected a number/,
      ],
    ] as const) {
      const parse = text.includes('nll') ? parseEvaluation : parseVerifyResult;
      assert.throws(
        () => parse(text, 'x.json'),
        (error) => isToolkitError(error) && error.code === 'BAD_REPORT' && where.test(error.message),
      );
    }
  });
});

describe('llama report', function () {
  this.timeout(60_000);

  it('writes the page of a verification and an evaluation, and never over its input', async () => {
    await withFolder(async (folder) => {
      const [verify, evalJson, out] = ['verify.json', 'eval.json', 'report.html'].map((name) => join(folder, name));
      const result = await verifySample();
      await writeFile(verify!, JSON.stringify(result));
      await writeFile(evalJson!, JSON.stringify(evaluation));
      const run = await runLlama(['report', out!, '--verify', verify!, '--eval', evalJson!]);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.equal(await readFile(out!, 'utf8'), renderReport({ verify: result, evaluation }));
      assert.equal((await runLlama(['report', verify!, '--verify', verify!])).exitCode, 2);
      assert.equal((await runLlama(['report', out!])).exitCode, 2);
      assert.equal((await runLlama(['report', out!, '--verify', evalJson!, '--force'])).exitCode, 3);
    });
  });
});
