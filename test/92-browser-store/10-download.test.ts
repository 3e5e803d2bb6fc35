// Models downloaded into the store in Chromium: cut, wrong, changed, and what is left then.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { bytesSource } from '@llama-ts/base';
import { type BinTensor, readBinOutline } from '@llama-ts/format';
import { generate, openModel } from '@llama-ts/runtime';
import type { Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { type ServedFile, servedFile } from './file-server.js';
import { assertWhole, fetchModel, listModels, openSite, type Site, seededOffsets } from './support.js';

const N_CUTS = 50;
/** Each takes the pause before another try. */
const N_CUTS_IN_A_ROW = 12;
const N_WRONG = 50;
/** The first request of a plan, and of a download. */
const HEAD_BYTES = 64 * 1024;

describe('a model downloaded into the store in Chromium', function () {
  this.timeout(120_000);
  let site: Site;
  let page: Page;
  let bytes: Buffer;
  let sha256: string;
  let tensors: readonly BinTensor[];
  let weightsEnd: number;

  before(async function () {
    const opened = await openSite();
    if (opened === null) return this.skip();
    site = opened;
    bytes = await readFile(await modelFile('sample', 2));
    sha256 = createHash('sha256').update(bytes).digest('hex');
    const { layout } = await readBinOutline(bytesSource(bytes, 'sample'));
    ({ tensors, weightsEnd } = layout);
    page = await site.openTab();
  });
  after(() => site?.close());

  function serve(path: string, changes: Partial<ServedFile> = {}, body: Uint8Array = bytes): ServedFile {
    const file = servedFile(body, changes);
    site.server.files.set(path, file);
    return file;
  }
  const nameOf = (path: string): string => `${site.server.origin}${path}`;
  const remove = (path: string): Promise<void> => page.evaluate(`store.remove(${JSON.stringify(nameOf(path))})`);
  const sent = ({ requests }: ServedFile): number => requests.reduce((sum, request) => sum + request.sent, 0);

  it('has the bytes of the server, and runs as it does in Node', async () => {
    serve('/sample.bin');
    assertWhole(await fetchModel(page, '/sample.bin'), sha256);
    const model = await openModel(await modelFile('sample', 2));
    const expected: number[] = [];
    for await (const event of generate(model, 'Once upon', { temperature: 0, maxTokens: 10 })) {
      if (event.type === 'token') expected.push(event.id);
    }
    await model.close();
    const tokens = await page.evaluate(`run('${nameOf('/sample.bin')}', 'Once upon', 10)`);
    assert.deepEqual(tokens, expected);
  });

  it('takes each byte of the file once', async () => {
    const inV3 = await readFile(await modelFile('sample', 3));
    for (const [path, body] of [
      ['/once-v2.bin', bytes],
      ['/once-v3.bin', inV3],
      ['/once-plain.bin', bytes.subarray(0, weightsEnd)],
    ] as const) {
      const file = serve(path, {}, body);
      const { failure, events, model } = await fetchModel(page, path, { unchecked: true });
      assert.equal(failure, null);
      assert.equal(sent(file), body.length, path);
      const last = events.findLast(({ type }) => type === 'download-progress');
      assert.ok(last?.type === 'download-progress' && last.receivedBytes === body.length, JSON.stringify(last));
      assert.equal(model!.isComplete, true);
    }
  });

  it('is opened without a request from then on, is listed, and is removed', async () => {
    const file = serve('/kept.bin');
    assertWhole(await fetchModel(page, '/kept.bin'), sha256);
    file.requests.length = 0;
    assertWhole(await fetchModel(page, '/kept.bin#again'), sha256);
    assert.deepEqual(file.requests, []);
    const listed = (await listModels(page)).find(({ name }) => name === nameOf('/kept.bin'))!;
    const { started: _started, ...facts } = listed;
    const expected = { etag: '"first"', byteLength: bytes.length, receivedBytes: bytes.length };
    const name = nameOf('/kept.bin');
    assert.deepEqual(facts, { name, url: name, ...expected, isComplete: true, isChecked: true });
    await remove('/kept.bin');
    assert.ok(!(await listModels(page)).some((model) => model.name === name));
    const failure = await page.evaluate<{ code: string }>(`failureOf(() => store.remove('${name}'))`);
    assert.equal(failure.code, 'NOT_IN_STORE');
  });

  it(`is whole though its connection is cut at ${N_CUTS} places, and goes on there`, async () => {
    for (const [i, offset] of seededOffsets(N_CUTS, bytes.length, 1).entries()) {
      const path = `/cut-${i}.bin`;
      const isReset = i % 2 === 0;
      const file = serve(path, { cuts: [offset], isReset });
      const outcome = await fetchModel(page, path);
      assertWhole(outcome, sha256, `cut at byte ${offset}`);
      assert.deepEqual(file.cuts, []);
      for (const event of outcome.events) {
        if (event.type !== 'download-retry') continue;
        // A browser drops what it received of a cut connection and has not handed on, so that is before the cut.
        assert.ok(event.byteOffset <= offset);
        assert.ok(file.requests.some(({ range }) => range!.startsWith(`bytes=${event.byteOffset}-`)));
      }
      await remove(path);
    }
  });

  it('is whole though each of twelve connections in a row is cut', async () => {
    const file = serve('/cuts.bin', {
      cuts: seededOffsets(N_CUTS_IN_A_ROW, weightsEnd - HEAD_BYTES, 2)
        .map((n) => n + HEAD_BYTES)
        .sort((a, b) => a - b),
    });
    // A browser may drop what it received of a cut connection, and does so several times in a row where cuts are close.
    const outcome = await fetchModel(page, '/cuts.bin', { maxRetries: N_CUTS_IN_A_ROW });
    assertWhole(outcome, sha256);
    assert.deepEqual(file.cuts, []);
    assert.equal(outcome.events.filter(({ type }) => type === 'download-retry').length, N_CUTS_IN_A_ROW);
  });

  it(`is never used with a wrong byte, found at ${N_WRONG} places; once the server is right, only what is missing is fetched`, async () => {
    for (const [i, offset] of seededOffsets(N_WRONG, bytes.length, 3).entries()) {
      const path = `/wrong-${i}.bin`;
      const file = serve(path, { wrong: new Map([[offset, Number.POSITIVE_INFINITY]]) });
      const { failure, events } = await fetchModel(page, path);
      const tensor = tensors.find(
        ({ byteOffset, byteLength }) => offset >= byteOffset && offset < byteOffset + byteLength,
      );
      const where = `byte ${offset}: ${JSON.stringify(failure)}`;
      if (tensor === undefined) assert.match(failure!.code!, /^(?:BAD_TRAILER|BAD_HEADER|NOT_A_MODEL)$/, where);
      else {
        assert.equal(failure!.code, 'BAD_CHECKSUM', where);
        const { name, byteOffset, byteLength } = tensor;
        assert.ok(failure!.message.includes(`${name} (bytes ${byteOffset} to ${byteOffset + byteLength - 1})`), where);
        assert.deepEqual(
          events.filter(({ type }) => type === 'part-refetch'),
          [{ type: 'part-refetch', part: name, byteOffset, byteLength }],
        );
      }
      assert.equal(await page.evaluate(`store.get('${nameOf(path)}')`), null);
      if (tensor !== undefined) {
        // Nothing of the tensor counts as received.
        const { receivedBytes } = (await listModels(page)).find(({ name }) => name === nameOf(path))!;
        assert.ok(receivedBytes <= tensor.byteOffset + bytes.length - weightsEnd, where);
      }
      if (i % 5 > 0) continue;
      file.wrong.clear();
      file.requests.length = 0;
      assertWhole(await fetchModel(page, path), sha256, where);
      if (tensor !== undefined) {
        const rest = bytes.length - tensor.byteOffset + HEAD_BYTES;
        assert.ok(sent(file) <= rest, `${where}: ${sent(file)} bytes, expected at most ${rest}`);
      }
    }
  });

  it('has a wrong byte fetched once more, wherever it is', async () => {
    const places = [0, 30, 300, Math.floor(weightsEnd / 2), weightsEnd - 1, weightsEnd + 100, bytes.length - 1];
    for (const offset of places) {
      const path = `/once-${offset}.bin`;
      const file = serve(path, { wrong: new Map([[offset, 1]]) });
      assertWhole(await fetchModel(page, path), sha256, `byte ${offset}`);
      assert.equal(file.wrong.get(offset), 0);
      await remove(path);
    }
  });

  it('comes from a server that sends no parts of files, cut or wrong on its way', async () => {
    const ending = { servesRanges: false };
    serve('/whole.bin', ending);
    assertWhole(await fetchModel(page, '/whole.bin'), sha256);
    const cut = serve('/whole-cut.bin', { ...ending, cuts: [700_000, weightsEnd + 5] });
    assertWhole(await fetchModel(page, '/whole-cut.bin'), sha256);
    assert.deepEqual(cut.cuts, []);
    const wrong = serve('/whole-wrong.bin', { ...ending, wrong: new Map([[700_000, 1]]) });
    assertWhole(await fetchModel(page, '/whole-wrong.bin'), sha256);
    wrong.wrong.set(800_000, Number.POSITIVE_INFINITY);
    await remove('/whole-wrong.bin');
    assert.equal((await fetchModel(page, '/whole-wrong.bin')).failure!.code, 'BAD_CHECKSUM');
    assert.equal(await page.evaluate(`store.get('${nameOf('/whole-wrong.bin')}')`), null);
  });

  it('is started anew when the file changes on its way, which is said', async () => {
    const other = await readFile(await modelFile('sample', 3));
    for (const etag of ['"second"', null]) {
      const path = `/changed-${etag === null ? 'length' : 'etag'}.bin`;
      const file = serve(path, { etag: etag === null ? null : '"first"', cuts: [600_000] });
      const whole = new Promise<void>((resolve) => {
        file.onCut = () => {
          Object.assign(file, { bytes: other, etag });
          resolve();
        };
      });
      const [outcome] = await Promise.all([fetchModel(page, path), whole]);
      assertWhole(outcome, createHash('sha256').update(other).digest('hex'));
      const changes = outcome.events.filter(({ type }) => type === 'file-changed');
      assert.equal(changes.length, 1);
      assert.ok(changes[0]!.type === 'file-changed' && changes[0]!.droppedBytes > 0);
    }
  });

  it('is compared with the server when that is asked for, and downloaded again if it differs', async () => {
    const file = serve('/updated.bin');
    assertWhole(await fetchModel(page, '/updated.bin'), sha256);
    file.requests.length = 0;
    assertWhole(await fetchModel(page, '/updated.bin', { update: true }), sha256);
    assert.ok(sent(file) <= 2 * HEAD_BYTES);
    const other = await readFile(await modelFile('sample', 3));
    Object.assign(file, { bytes: other, etag: '"second"' });
    const outcome = await fetchModel(page, '/updated.bin', { update: true });
    assertWhole(outcome, createHash('sha256').update(other).digest('hex'));
    assert.ok(outcome.events.some(({ type }) => type === 'file-changed'));
  });

  it('goes on after it was aborted', async () => {
    const file = serve('/aborted.bin', { holdAt: 800_000 });
    const { failure } = await fetchModel(page, '/aborted.bin', { abortAt: 400_000 });
    assert.equal(failure?.name, 'AbortError');
    const listed = (await listModels(page)).find(({ name }) => name === nameOf('/aborted.bin'))!;
    assert.equal(listed.isComplete, false);
    assert.ok(listed.receivedBytes > 0 && listed.receivedBytes < bytes.length);
    file.holdAt = Number.POSITIVE_INFINITY;
    file.requests.length = 0;
    const outcome = await fetchModel(page, '/aborted.bin');
    assertWhole(outcome, sha256);
    const started = outcome.events.find(({ type }) => type === 'download-start');
    assert.deepEqual(started, {
      type: 'download-start',
      receivedBytes: listed.receivedBytes,
      byteLength: bytes.length,
    });
    assert.equal(sent(file) - HEAD_BYTES, bytes.length - listed.receivedBytes);
  });

  it('is refused without checksums, and taken as it comes when that is asked for', async () => {
    const plain = bytes.subarray(0, weightsEnd);
    const file = serve('/plain.bin', {}, plain);
    const { failure } = await fetchModel(page, '/plain.bin');
    assert.equal(failure!.code, 'NO_CHECKSUMS');
    assert.ok(sent(file) <= 2 * HEAD_BYTES);
    assert.ok(!(await listModels(page)).some(({ url }) => url.endsWith('/plain.bin')));
    const { model, sha256: found } = await fetchModel(page, '/plain.bin', { unchecked: true });
    assert.equal(found, createHash('sha256').update(plain).digest('hex'));
    assert.deepEqual([model!.isComplete, model!.isChecked], [true, false]);
    assert.equal((await fetchModel(page, '/plain.bin')).failure!.code, 'NO_CHECKSUMS');
    assert.equal(
      (await listModels(page)).some(({ url }) => url.endsWith('/plain.bin')),
      true,
    );
  });

  it('leaves nothing where there is no model, and says what there is', async () => {
    serve('/page.bin', {}, Buffer.from(`<!doctype html>${'<p>Sign in</p>'.repeat(100)}`));
    serve('/gone.bin', { status: 404 });
    serve('/secret.bin', { status: 401 });
    serve('/short.bin', {}, bytes.subarray(0, 500_000));
    for (const [path, code, pattern] of [
      ['/page.bin', 'NOT_A_MODEL', /HTML/],
      ['/gone.bin', 'HUB_FILE_NOT_FOUND', /status 404/],
      ['/secret.bin', 'HUB_UNAUTHORIZED', /status 401/],
      ['/short.bin', 'BAD_LENGTH', /500000 bytes/],
    ] as const) {
      const { failure } = await fetchModel(page, path);
      assert.equal(failure!.code, code);
      assert.match(failure!.message, pattern);
      assert.ok(!(await listModels(page)).some(({ name }) => name === nameOf(path)));
    }
    const busy = serve('/busy.bin', { status: 503, headers: { 'Retry-After': '0' } });
    assert.equal((await fetchModel(page, '/busy.bin', { maxRetries: 2 })).failure!.code, 'HUB_UNAVAILABLE');
    assert.ok(busy.requests.length >= 3);
    for (const url of ['ftp://host/model.bin', 'http://user:secret@host/model.bin']) {
      const { failure } = await fetchModel(page, url);
      assert.equal(failure!.code, 'INVALID_ARGUMENT');
      assert.ok(!failure!.message.includes('secret'));
    }
  });
});
