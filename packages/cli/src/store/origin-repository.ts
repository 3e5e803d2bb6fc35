// A repository of the hub, to make a model of: listed first, downloaded once it is agreed to.

import { join } from 'node:path';
import { byteSize, isToolkitError } from '@llama-ts/base';
import {
  downloadedSnapshot,
  downloadSnapshot,
  type ExportPlan,
  type HubSnapshot,
  planHubExport,
  sourceOpeners,
} from '@llama-ts/exporter';
import { showDownload } from '../progress/show-download.js';
import { hubOptions } from '../sources/open-named-source.js';
import { confirmDownload } from './confirm-download.js';
import { keyOfModel, type StoreName } from './entries.js';
import type { MakeOptions, Origin } from './origin.js';
import { checkRoom } from './store-failure.js';
import type { StorePaths } from './store-folder.js';
import { variantVersions } from './variants.js';

/** Failures after which a copy in the hub cache will do. */
const unreachable = ['HUB_NETWORK', 'HUB_UNAVAILABLE'];

type RepositoryName = Extract<StoreName, { kind: 'repository' }>;

/** Lists a repository. Offline, what the hub cache has is looked for when it is opened. @throws ToolkitError what planHubExport throws */
export async function openRepositoryOrigin(
  store: StorePaths,
  name: RepositoryName,
  options: MakeOptions,
): Promise<Origin> {
  const { repo, revision, variant } = name;
  const { reporter, signal, isAgreed, typed } = options;
  const note = (text: string): void => reporter.logToStderr(text);
  const { offline, ...reachable } = await hubOptions({ revision, token: undefined, signal, note });
  const hub = { repo, ...reachable };
  let failure: unknown = null;
  let plan: ExportPlan | null = null;
  if (!offline) {
    const output = join(store.files, 'planned.bin');
    plan = await planHubExport({ ...hub, output, version: variantVersions[variant], force: true }).catch((error) => {
      if (!isToolkitError(error) || !unreachable.includes(error.code)) throw error;
      failure = error;
      return null;
    });
  }
  const sourceOf = (commit: string) => ({ kind: 'repository', repo, revision, commit }) as const;
  const downloadBytes = plan?.downloadBytes ?? 0;
  let close = async (): Promise<void> => undefined;
  return {
    key: plan?.commit ? keyOfModel(plan.commit, variant) : null,
    source: plan?.commit ? sourceOf(plan.commit) : null,
    downloadBytes,
    plan,
    async open() {
      if (plan !== null) {
        checkRoom(store, plan);
        note(intention(typed, variant, plan));
        await confirmDownload({ name: typed, downloadBytes, modelBytes: plan.outputBytes }, { isAgreed, signal });
      }
      const snapshot = await fetched(hub, { offline: plan === null, failure, note });
      const found = { kind: 'repository', repo, revision: null, file: null } as const;
      const model = await sourceOpeners.hub(found, { download: async () => downloadedSnapshot(snapshot), signal });
      close = () => model!.close();
      return { key: keyOfModel(snapshot.commit, variant), source: sourceOf(snapshot.commit), model: model! };
    },
    close: () => close(),
  };
}

/** The snapshot; where the hub is out of reach, the one in its cache, else why it is out of reach. */
async function fetched(
  hub: Parameters<typeof downloadSnapshot>[0],
  {
    offline,
    failure,
    note,
  }: { readonly offline: boolean; readonly failure: unknown; readonly note: (text: string) => void },
): Promise<HubSnapshot> {
  try {
    const snapshot = await showDownload(downloadSnapshot({ ...hub, offline }), note);
    if (failure !== null) {
      note(`${(failure as Error).message}; making it of the copy in the hub cache, commit ${snapshot.commit}`);
    }
    return snapshot;
  } catch (error) {
    throw failure !== null && isToolkitError(error) && error.code === 'HUB_OFFLINE' ? failure : error;
  }
}

/** What is about to be done, with sizes. */
function intention(typed: string, variant: string, { downloadBytes, outputBytes, isExact }: ExportPlan): string {
  const size = `${isExact ? '' : 'at most '}${byteSize(outputBytes)}`;
  const from = downloadBytes > 0 ? `downloading ${byteSize(downloadBytes)}` : 'taking the copy in the hub cache';
  return `${typed}: ${from}, to make a model of ${size} (${variant})`;
}
