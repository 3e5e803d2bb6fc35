// The models of this tab: opened from a file, from an address, or from what the browser keeps.

import type { DownloadEvent, ModelStore } from '@llama-ts/browser';
import { failureOf } from './messages.js';
import { NotOpened, openTabAnswerer, type TabAnswerer } from './tab-answerer.js';
import { emptyTab, type TabState, type TabStep } from './tab-state.js';

export interface TabModels {
  readonly state: TabState;
  /** The model that answers; null while none is ready. */
  readonly answerer: TabAnswerer | null;
  openFile(file: File): Promise<void>;
  /** Downloads a model, or goes on with it, and opens it. */
  openAddress(url: string): Promise<void>;
  /** Opens a model that the browser keeps, and goes on with one that is not whole. */
  openStored(name: string): Promise<void>;
  /** Ends a download or an opening. What was downloaded stays. */
  cancel(): void;
  remove(name: string): Promise<void>;
  /** Lists what the browser keeps. */
  list(): Promise<void>;
}

export interface TabModelsOptions {
  readonly onChange: () => void;
  /** Called when a model answers. @param stored its name in the store; null for a file */
  readonly onReady: (stored: string | null) => void;
}

export function createTabModels({ onChange, onReady }: TabModelsOptions): TabModels {
  let state: TabState = emptyTab;
  let answerer: TabAnswerer | null = null;
  let underWay: AbortController | null = null;
  let opening: Promise<ModelStore> | null = null;

  const models: TabModels = {
    get state() {
      return state;
    },
    get answerer() {
      return answerer;
    },
    openFile: (file) => begin(file.name, (signal) => open(file, { isChecked: false, stored: null, signal })),
    openAddress: (url) => begin(url, (signal) => download(url, url, signal)),
    openStored: (name) =>
      begin(name, async (signal) => {
        const found = await (await store()).get(name);
        if (found !== null) return open(found.file, { isChecked: found.isChecked, stored: name, signal });
        const part = (await (await store()).list()).find((one) => one.name === name);
        if (part !== undefined) return download(part.url, name, signal);
        throw new NotOpened({
          message: `The browser does not keep ${name} any more.`,
          remedies: ['pick the file, or download it again'],
        });
      }),
    cancel: () => underWay?.abort(),
    async remove(name) {
      try {
        await (await store()).remove(name);
      } catch (error) {
        step({ step: 'failed', name, failure: failureOf(error) });
      }
      await models.list();
    },
    async list() {
      try {
        const opened = await store();
        const [stored, space] = await Promise.all([opened.list(), opened.space()]);
        change({ stored, space });
      } catch {
        // A browser that gives the page no files has no list. What needs one says why.
        change({ stored: null, space: null });
      }
    },
  };
  return models;

  function change(changes: Partial<TabState>): void {
    state = { ...state, ...changes };
    onChange();
  }

  function step(model: TabStep): void {
    change({ model });
  }

  /** Code that a page with a server does not need is loaded when it is. */
  function store(): Promise<ModelStore> {
    opening ??= import('@llama-ts/browser').then(({ openModelStore }) => openModelStore(), asNotLoaded);
    opening.catch(() => {
      opening = null;
    });
    return opening;
  }

  /** One model at a time. The one that is open answers until the next one is there to be opened. */
  async function begin(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    underWay?.abort();
    const own = new AbortController();
    underWay = own;
    step({ step: 'looking', name });
    try {
      await work(own.signal);
    } catch (error) {
      if (underWay !== own) return;
      if (own.signal.aborted) step(answerer === null ? { step: 'none' } : { step: 'ready', facts: answerer.facts });
      else step({ step: 'failed', name, failure: error instanceof NotOpened ? error.failure : failureOf(error) });
    } finally {
      if (underWay === own) underWay = null;
    }
    await models.list();
  }

  async function download(url: string, name: string, signal: AbortSignal): Promise<void> {
    let note = '';
    const onProgress = (event: DownloadEvent): void => {
      note = noteOf(event, note);
      if ('receivedBytes' in event) step({ step: 'downloading', name, note, ...sizesOf(event) });
    };
    const {
      file,
      isChecked,
      name: stored,
    } = await (await store()).fetch(url, {
      onProgress,
      signal,
      ...(name === url ? {} : { name }),
    });
    await open(file, { isChecked, stored, signal });
  }

  async function open(
    file: File,
    {
      isChecked,
      stored,
      signal,
    }: { readonly isChecked: boolean; readonly stored: string | null; readonly signal: AbortSignal },
  ): Promise<void> {
    const { name, size: byteLength } = file;
    // The memory may not hold two.
    answerer?.close();
    answerer = null;
    step({ step: 'opening', name });
    const opened = await openTabAnswerer(file, {
      isChecked,
      signal,
      onEvent(event) {
        if (signal.aborted) return;
        if (event.type === 'check-end') step({ step: 'opening', name });
        else step({ step: 'checking', name, byteLength, checkedBytes: event.checkedBytes });
      },
    });
    if (signal.aborted) {
      opened.close();
      throw signal.reason;
    }
    answerer = opened;
    step({ step: 'ready', facts: opened.facts });
    onReady(stored);
  }
}

/** The host has the files of another version, or does not answer. @throws NotOpened */
function asNotLoaded(cause: unknown): never {
  const message = `The page cannot load a part of itself: ${cause instanceof Error ? cause.message : String(cause)}`;
  throw new NotOpened({ message, remedies: ['reload the page'] });
}

function sizesOf({ receivedBytes, byteLength }: { readonly receivedBytes: number; readonly byteLength: number }) {
  return { receivedBytes, byteLength };
}

function noteOf(event: DownloadEvent, former: string): string {
  switch (event.type) {
    case 'download-wait':
      return 'another tab of this browser does';
    case 'download-retry':
      return `the connection was cut (${event.reason}), trying again`;
    case 'file-changed':
      return 'the file on the server has changed, starting over';
    case 'part-refetch':
      return `${event.part} was damaged on the way, fetching it again`;
    case 'download-progress':
      return former;
    case 'download-start':
      return '';
  }
}
