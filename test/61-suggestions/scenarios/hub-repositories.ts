// Repositories that are too large, damaged or not all there, and a hub with an untrusted certificate.

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withAnswer, withDamagedMain, withHub } from './hub-of-sample.js';

const REPO = 'meta-llama/Tiny';
const INDEX = 'model.safetensors.index.json';
const fill = { REVISION: 'v1', FOLDER: 'another', 'CA.pem': 'ca.pem' };
/** More than any file that is read as a whole may have. */
const TOO_LARGE = 33 * 1024 * 1024;

function scenario(title: string, code: string, rest: Omit<Scenario, 'title' | 'code' | 'fill'>): Scenario {
  return { title: `the hub: ${title}`, code, fill, command: `llama export ${REPO} out.bin`, ...rest };
}

const shards = (files: object): string[] => Object.keys(files).filter((name) => name.endsWith('.safetensors'));

/** One file more than a repository may have. */
const listing = (): string =>
  JSON.stringify(
    Array.from({ length: 100_001 }, (_, i) => ({ type: 'file', path: `${i}.txt`, size: 0, oid: '0'.repeat(40) })),
  );

/** Puts a server with a certificate of its own before the hub, which its users can have as ca.pem. */
async function withCertificate(s: Situation): Promise<void> {
  await withHub(s, REPO);
  const plain = s.env.HF_ENDPOINT!;
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', s.path('key.pem'), '-out', s.path('ca.pem')];
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files]);
  const [key, cert] = await Promise.all(['key.pem', 'ca.pem'].map((name) => readFile(s.path(name))));
  const server = createServer({ key: key!, cert: cert! }, (incoming, outgoing) => {
    const passed = request(new URL(incoming.url!, plain), { headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  s.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  s.env.HF_ENDPOINT = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const hubRepositoryScenarios: readonly Scenario[] = [
  scenario('a certificate that this machine does not trust', 'HUB_NETWORK', {
    needs: 'openssl',
    prepare: withCertificate,
  }),
  scenario('a repository of over 100,000 files', 'LIMIT_EXCEEDED', {
    async prepare(s) {
      await withAnswer(s, REPO, 'tree', listing());
      await s.tool('hf', `[ "$*" = 'download ${REPO} --local-dir another' ] && cp -r checkpoint another`);
    },
    acts: [[/^download it with the hub's own program/, () => ({ command: 'llama export another out.bin' })]],
  }),
  scenario('an index of an impossible size', 'LIMIT_EXCEEDED', {
    prepare: (s) => withDamagedMain(s, REPO, (good) => ({ ...good, [INDEX]: new Uint8Array(TOO_LARGE).fill(32) })),
  }),
  scenario('two shards with the same tensors, to be streamed', 'SAFETENSORS_INDEX', {
    prepare: (s) =>
      withDamagedMain(s, REPO, (good) => {
        const [first, second] = shards(good);
        return { ...good, [second!]: good[first!]! };
      }),
    command: `llama export ${REPO} out.bin --stream`,
  }),
  scenario('a repository that lacks some of its shards', 'NOT_A_CHECKPOINT', {
    prepare: (s) =>
      withDamagedMain(s, REPO, (good) => {
        const left = { ...good };
        for (const name of [INDEX, shards(good)[0]!]) delete left[name];
        return left;
      }),
  }),
  scenario('weights of several types, to be streamed into GGUF', 'INVALID_ARGUMENT', {
    prepare: (s) =>
      withDamagedMain(s, REPO, (good) => {
        const [first] = shards(good);
        const text = Buffer.from(good[first!]!).toString('latin1').replaceAll('"BF16"', '"F16" ');
        return { ...good, [first!]: Buffer.from(text, 'latin1') };
      }),
    command: `llama export ${REPO} out.gguf --stream`,
  }),
];
