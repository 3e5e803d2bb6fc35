// Names of models, and stores that cannot be used.

import { chmod, mkdir, open } from 'node:fs/promises';
import { describeStoreFailure } from '../../../packages/cli/src/store/store-failure.js';
import { writeLargeCheckpoint } from '../../60-cli/support.js';
import { failure } from '../../helpers/failing-files.js';
import { startFakeHub } from '../../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../../helpers/fake-hub/fake-repo.js';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';
import { withHub } from './hub-of-sample.js';

const REPO = 'meta-llama/Tiny';
const RUN = '-n 1 -i Once';
const fill = { FOLDER: 'another', REVISION: 'v1' };

function store(command: string, code: string, rest: Partial<Scenario> = {}): Scenario {
  const prepare = (s: Situation) => withHub(s, REPO, 'meta-llama/Llama-3.2-1B-Instruct');
  return { title: `the command ${command}`, code, fill, command, prepare, ...rest };
}

/** A store that has one model. */
async function withModel(s: Situation): Promise<void> {
  await withHub(s, REPO);
  await s.run(`llama pull ${REPO}:q8`);
}

export const storeScenarios: readonly Scenario[] = [
  store(`llama run ${REPO}:Q8_K ${RUN}`, 'USAGE'),
  store(`llama run ${REPO}:Q4_K_M ${RUN}`, 'USAGE'),
  store(`llama run ${REPO}:bf16 ${RUN}`, 'USAGE'),
  store(`llama inspect ${REPO}/`, 'FILE_NOT_FOUND'),
  store(`llama pull ${REPO}@none`, 'HUB_REVISION_NOT_FOUND', {
    acts: [[/^take one of those listed/, () => undefined]],
  }),
  store(`llama run ${REPO} ${RUN}`, 'FILE_NOT_FOUND', {
    title: 'a name of the hub in the folder of which nothing is',
    prepare: async (s) => [await withHub(s, REPO), await mkdir(s.path('meta-llama'))],
  }),
  store(`llama run ${REPO} ${RUN}`, 'FILE_NOT_FOUND', {
    title: 'a name of the hub that is nearly the path of a file',
    prepare: async (s) => [
      await withHub(s, REPO),
      await mkdir(s.path('meta-llama')),
      await s.take('model.bin', 'meta-llama/Tony'),
    ],
  }),
  store('llama pull model.bin', 'SOURCE_NOT_FOUND', { prepare: (s) => s.take('model.bin') }),
  store(`llama run llama3.2:1b ${RUN}`, 'NOT_A_MODEL'),
  store('llama pull llama3.2:1b', 'NOT_A_MODEL'),
  store('llama pull', 'USAGE'),
  store(`llama pull hf.co/${REPO}/blob/main/config.json`, 'NOT_A_MODEL'),
  store(`llama run hf.co/${REPO}/blob/main/config.json ${RUN}`, 'NOT_A_MODEL'),
  store(`llama run ${REPO}:q8 ${RUN}`, 'NOT_A_MODEL', {
    title: 'a model of the store that another program has damaged',
    prepare: async (s) => {
      await withModel(s);
      const { stdout } = await s.run(`llama show ${REPO}:q8 --json`);
      const { path } = JSON.parse(stdout) as { path: string };
      const file = await open(path, 'r+');
      await file.write('damage', 0);
      await file.close();
    },
  }),
  store('llama rm', 'USAGE'),
  store(`llama rm ${REPO}`, 'NOT_IN_STORE'),
  store(`llama rm ${REPO}`, 'NOT_IN_STORE', { title: 'a variant that the store does not have', prepare: withModel }),
  store('llama show meta-llama/Tony:q8', 'NOT_IN_STORE', { prepare: withModel }),
  store(`llama run ${REPO} ${RUN}`, 'STORE_FAILED', {
    title: 'a store that is a file',
    prepare: async (s) => {
      await withHub(s, REPO);
      s.env.LLAMA_HOME = await s.write('a file', 'x');
    },
  }),
  store(`llama run ${REPO} ${RUN}`, 'STORE_READ_ONLY', {
    title: 'a store of another user',
    needs: 'modes',
    prepare: async (s) => {
      await withHub(s, REPO);
      await mkdir(s.path('store'));
      await chmod(s.path('store'), 0o555);
      s.env.LLAMA_HOME = s.path('store');
    },
  }),
  {
    title: 'a store on a disk without space',
    code: 'DISK_FULL',
    fill,
    prepare: (s) => {
      s.env.LLAMA_HOME = s.path('store');
    },
    call: (s) => {
      const { LLAMA_HOME: folder = '' } = s.env;
      if (folder !== s.path('store')) return;
      throw describeStoreFailure(failure('ENOSPC', 'write'), { folder, files: folder, names: folder });
    },
  },
  store('llama bench meta-llama/Large -p 1 -n 1 -r 1', 'NOT_CONFIRMED', {
    prepare: async (s) => {
      await mkdir(s.path('large'));
      await writeLargeCheckpoint(s.path('large'));
      const hub = await startFakeHub({ repos: { 'meta-llama/Large': fakeRepo(await filesIn(s.path('large'))) } });
      s.defer(() => hub.stop());
      s.env.HF_ENDPOINT = hub.url;
    },
  }),
];
