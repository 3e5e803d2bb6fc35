// A model of a file as an answerer: the engine and the server's own code, which reads a request as `llama serve` does.
import { hexOf, openSource } from '@llama-ts/base';
import { readBinHeader } from '@llama-ts/format';
import { checkMemoryPlan, createEngine, openModel, planMemory } from '@llama-ts/runtime';
import { createApiServer } from '@llama-ts/server';
import type { Answerer } from '../answerer/answerer.js';
import { createServerAnswerer } from '../answerer/server-answerer.js';
import type { TabModelFacts } from './messages.js';

/** A model that answers. */
export interface OpenTabModel {
  readonly answerer: Answerer;
  readonly facts: Omit<TabModelFacts, 'isChecked'>;
  /** Passes that were begun. */
  readonly nPasses: number;
}

/** Requests are given to a function, not to this address. */
const NOWHERE = 'http://localhost';
/** Conversations that answer at the same time, as `llama serve` has them. */
const MAX_SEQUENCES = 4;

/** @throws ToolkitError `MODEL_TOO_LARGE_FOR_WASM`, and what `openModel` and `createApiServer` throw */
export async function openTabModel(file: File): Promise<OpenTabModel> {
  const plan = await planOf(file);
  checkMemoryPlan(plan, file.name);
  const model = await openModel(file, { context: plan.context, ...threadsOf() });
  let nPasses = 0;
  const counted: typeof model = {
    ...model,
    forward(batch, options) {
      nPasses++;
      return model.forward(batch, options);
    },
  };
  const name = file.name.replace(/\.bin$/i, '') || 'model';
  const engine = createEngine(counted, { maxSequences: MAX_SEQUENCES });
  const server = await createApiServer(engine, { model: counted, modelName: name });
  return {
    answerer: createServerAnswerer({
      address: NOWHERE,
      key: '',
      fetch: (address, init) => server.fetch(new Request(address, init)),
    }),
    facts: {
      name,
      contextLength: model.contextLength,
      sha256: hexOf(await model.checksum()),
      threads: Math.max(1, model.threads),
      whyOneThread: model.threads > 0 ? null : 'the page is not cross-origin isolated, so threads cannot share memory',
    },
    get nPasses() {
      return nPasses;
    },
  };
}

/** All cores but one, which draws the page; without shared memory, the worker's own thread. */
function threadsOf(): { readonly threads?: number } {
  return crossOriginIsolated ? { threads: Math.max(1, navigator.hardwareConcurrency - 1) } : {};
}

async function planOf(file: File) {
  const source = await openSource(file);
  try {
    return planMemory(await readBinHeader(source), source.byteLength, threadsOf());
  } finally {
    await source.close();
  }
}
