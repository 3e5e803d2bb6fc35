// llama verify as a gate of a build: bounds on both sides, exit codes, JSON and JUnit.

import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { VerifyResult } from '@llama-ts/evaluate';
import { junitXml } from '@llama-ts/evaluate';
import { sampleModelName, sampleModelPath } from '@llama-ts/sample-model';
import { Ajv } from 'ajv';
import { canaryToken } from '../helpers/canary.js';
import { startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { runLlama } from '../helpers/run-llama.js';
import { type JUnitCase, parseJUnit } from './junit-schema.js';
import { exportTo, golden, verify, withFolder } from './support.js';

const schemaPath = createRequire(import.meta.url).resolve('@llama-ts/evaluate/schemas/verify-result.schema.json');
const isVerifyResult = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(await readFile(schemaPath, 'utf8')) as object,
);

function assertSchema(result: unknown): void {
  assert.ok(isVerifyResult(JSON.parse(JSON.stringify(result))), JSON.stringify(isVerifyResult.errors));
}

const source = golden('tied-gqa-bf16');
const failed = (cases: readonly JUnitCase[]): string[] =>
  cases.filter(({ failures }) => failures > 0).map(({ name }) => name);

describe('the gate of verify', function () {
  this.timeout(60_000);

  it('passes a figure that equals its bound, and fails at the next number beyond it', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source, output: join(folder, 'model.bin'), version: 2 });
      const { tensors } = await verify({ model, against: source });
      const { name, errors } = tensors.find(({ dtype }) => dtype === 'Q8_0')!;
      const { maxError, rmse, snr, cosine } = errors!;
      const bounds: [string, number, number][] = [
        ['max-error', maxError, maxError * (1 - 1e-12)],
        ['max-rmse', rmse, rmse * (1 - 1e-12)],
        ['min-snr', snr, snr * (1 + 1e-12)],
        ['min-cosine', cosine, cosine * (1 + 1e-12)],
      ];
      for (const [bound, at, beyond] of bounds) {
        for (const [limit, passes] of [
          [at, true],
          [beyond, false],
        ] as const) {
          const rules = [{ pattern: name, bounds: { [bound]: limit } }];
          const result = await verify({ model, against: source, rules });
          assert.equal(result.passed, passes, `${bound} ${limit}`);
          assert.deepEqual(
            result.checks.map(({ subject }) => subject),
            [name],
          );
          assert.deepEqual(result.findings, []);
          assertSchema(result);
        }
      }
    });
  });

  it('refuses bounds without a source, of an unknown name, and of no tensor', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source, output: join(folder, 'model.bin'), version: 2 });
      const rule = (pattern: string, bound: string) => [{ pattern, bounds: { [bound]: 1 } }];
      const code = (expected: string) => (error: { code?: string }) => error.code === expected;
      await assert.rejects(verify({ model, rules: rule('*', 'max-error') }), code('INVALID_ARGUMENT'));
      await assert.rejects(verify({ model, against: source, rules: rule('*', 'max-eror') }), code('BAD_BOUND'));
      await assert.rejects(verify({ model, against: source, rules: rule('wq', 'max-error') }), code('BAD_THRESHOLDS'));
    });
  });
});

describe('llama verify', function () {
  this.timeout(120_000);

  it('lists the worst tensors of a v3 file, which are in 4 bits, and counts those of 8 bits too', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin'), version: 3 });
      const { stdout } = await runLlama(['verify', model, '--against', sampleModelName, '--worst', '2']);
      const [head, ...lines] = stdout.trimEnd().split('\n');
      assert.match(head!, /^worst 2 of 36 quantized tensors /);
      for (const line of lines.slice(0, 2)) assert.match(line, /^ {2}layers\.\d+\.\S+ +\d\d\.\d\d /);
    });
  });

  it('prints a table and a verdict, exits 0 within the bounds and 3 beyond, and agrees in JSON and JUnit', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source: sampleModelPath, output: join(folder, 'model.bin'), version: 2 });
      const against = ['verify', model, '--against', sampleModelName];
      const plain = await runLlama([...against, '--worst', '3', '--max-error', '1'], { cwd: folder });
      assert.equal(plain.exitCode, 0, plain.stderr);
      assert.equal(plain.stderr, '');
      const lines = plain.stdout.trimEnd().split('\n');
      assert.equal(lines.length, 5);
      assert.match(
        lines[0]!,
        /^worst 3 of 36 quantized tensors +SNR dB +max error +RMSE +cosine +beyond +worst group$/,
      );
      assert.match(
        lines[1]!,
        /^ {2}layers\.\d+\.\S+ +\d\d\.\d\d +\d\.\d+e-\d +\d\.\d+e-\d +0\.9999\d\d +0\.00 % +\d+ \(row \d+, column \d+\)$/,
      );
      assert.match(
        lines.at(-1)!,
        /^PASS \S+model\.bin: v2, group size \d+, 1\.3 MB, 47 tensors, checksums match, equal to an export of \S+, SNR .* 47 bounds kept$/,
      );

      const thresholds = join(folder, 'thresholds.json');
      const junit = join(folder, 'verify.xml');
      await writeFile(
        thresholds,
        JSON.stringify({ verify: { '*': { 'min-snr': 20 }, '*.wo.weight': { 'max-error': 0.001 } } }),
      );
      const gate = await runLlama([...against, '--thresholds', thresholds, '--junit', junit, '--json'], {
        cwd: folder,
      });
      assert.equal(gate.exitCode, 3, gate.stderr);
      const result = JSON.parse(gate.stdout) as VerifyResult;
      assertSchema(result);
      assert.equal(result.passed, false);
      const beyond = result.checks.filter(({ passed }) => !passed);
      assert.ok(
        beyond.length > 0 && beyond.every(({ subject, found }) => subject.endsWith('.wo.weight') && found > 0.001),
      );
      const { cases } = parseJUnit(await readFile(junit, 'utf8'));
      assert.equal(cases.length, 48);
      assert.deepEqual(
        failed(cases),
        beyond.map(({ subject }) => subject),
      );
    });
  });

  it('names a damaged tensor in words, JSON and JUnit', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source, output: join(folder, 'model.bin'), version: 1 });
      const bytes = await readFile(model);
      bytes[bytes.length >> 1]! ^= 4;
      await writeFile(model, bytes);
      const junit = join(folder, 'verify.xml');
      const words = await runLlama(['verify', model, '--junit', junit]);
      assert.equal(words.exitCode, 3);
      const { findings } = JSON.parse((await runLlama(['verify', model, '--json'])).stdout) as VerifyResult;
      assert.deepEqual(
        findings.map(({ code }) => code),
        ['BAD_CHECKSUM'],
      );
      const name = findings[0]!.tensor!;
      assert.match(words.stdout, new RegExp(`^FAIL .*: ${name}: does not have the sha256`, 'm'));
      assert.deepEqual(failed(parseJUnit(await readFile(junit, 'utf8')).cases), [name]);
    });
  });

  it('takes a repository of the hub as the source', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source, output: join(folder, 'model.bin'), version: 2 });
      const files: Record<string, Uint8Array> = {};
      for (const name of ['config.json', 'generation_config.json', 'model.safetensors.index.json']) {
        files[name] = await readFile(join(source, name));
      }
      for (let i = 1; i <= 7; i++) {
        const name = `model-0000${i}-of-00007.safetensors`;
        files[name] = await readFile(join(source, name));
      }
      const hub = await startFakeHub({ repos: { 'owner/name': fakeRepo(files) } });
      try {
        const env = { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken };
        const run = await runLlama(['verify', model, '--against', 'owner/name'], { env });
        assert.equal(run.exitCode, 0, run.stderr + run.stdout);
        assert.match(run.stdout, /equal to an export of owner\/name/);
      } finally {
        await hub.stop();
      }
    });
  });

  it('refuses bounds without a source, a source that is not there, and a report over the model', async () => {
    await withFolder(async (folder) => {
      const model = await exportTo({ source, output: join(folder, 'model.bin'), version: 2 });
      const bounds = await runLlama(['verify', model, '--min-snr', '30']);
      assert.equal(bounds.exitCode, 2);
      assert.match(bounds.stderr, /\[INVALID_ARGUMENT\]\n {2}try: name the source: llama verify .* --against REPO/);
      assert.equal((await runLlama(['verify', join(folder, 'none.bin')])).exitCode, 3);
      assert.equal((await runLlama(['verify', model, '--against', join(folder, 'none')])).exitCode, 3);
      const before = await readFile(model);
      assert.equal((await runLlama(['verify', model, '--junit', model])).exitCode, 2);
      assert.deepEqual(await readFile(model), before);
    });
  });
});

describe('JUnit XML of verify', () => {
  it('is well-formed whatever the names and messages hold', () => {
    const nasty = 'a<b>&"c"\u0000\u001b]]>\ud800\uffffé';
    const xml = junitXml({
      model: { path: nasty, byteLength: 1, version: null, groupSize: null, nParameters: null, hasChecksums: null },
      against: null,
      findings: [{ part: 'header', tensor: null, code: 'NOT_A_MODEL', message: nasty, position: null }],
      tensors: [],
      overall: null,
      checks: [],
      passed: false,
    });
    const { suite, cases } = parseJUnit(xml);
    assert.equal(suite, 'a<b>&"c"\ufffd\ufffd]]>\ufffd\ufffdé');
    assert.deepEqual(failed(cases), ['header and trailer']);
  });
});
