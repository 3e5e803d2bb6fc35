// Who answers now: the chosen server, or the model of this tab.

import { type Answerer, AnswererError } from '../answerer/answerer.js';
import { createServerAnswerer } from '../answerer/server-answerer.js';
import { createTabModels, type TabModels } from '../tab/tab-models.js';
import { type EngineChoice, keepChoice, keptChoice } from './engine-choice.js';
import { keepKey, keyOfBrowser } from './key.js';
import { isStaticPage } from './page-host.js';

export interface Engines {
  readonly choice: EngineChoice;
  /** The key for the chosen server; empty without one. */
  readonly key: string;
  readonly answerer: Answerer;
  readonly tab: TabModels;
  /** Opens the model that was open in the tab when the page was closed, if the browser keeps it. */
  start(): void;
  choose(choice: EngineChoice): void;
  setKey(key: string): void;
}

const noModel = absentAnswerer('No model is open in this tab. Choose one under “Model”.');
const noServer = absentAnswerer('No server is chosen. Give its address under “Model”.');

/** @param onChange told of another choice, key or model, and of every step of one */
export function createEngines(onChange: (what: 'answerer' | 'tab') => void): Engines {
  let choice = keptChoice();
  let server = serverOf(choice);
  const tab = createTabModels({
    onChange: () => onChange('tab'),
    onReady(stored) {
      choice = { kind: 'tab', stored };
      keepChoice(choice);
      onChange('answerer');
    },
  });
  return {
    tab,
    get choice() {
      return choice;
    },
    get key() {
      return choice.kind === 'server' ? keyOfBrowserFor(choice) : '';
    },
    get answerer() {
      return choice.kind === 'server' ? server : (tab.answerer ?? noModel);
    },
    start() {
      if (choice.kind === 'tab' && choice.stored !== null) void tab.openStored(choice.stored);
    },
    choose(next) {
      // The model that is open stays the one that the browser remembers.
      const stored = choice.kind === 'tab' ? choice.stored : null;
      choice = next.kind === 'tab' ? { kind: 'tab', stored: next.stored ?? stored } : next;
      server = serverOf(choice);
      keepChoice(choice);
      onChange('answerer');
    },
    setKey(key) {
      if (choice.kind !== 'server') return;
      keepKey(key, choice.address);
      given.set(choice.address, key);
      server = serverOf(choice);
      onChange('answerer');
    },
  };
}

/** Keys of this visit, for a browser that keeps none. */
const given = new Map<string, string>();

function keyOfBrowserFor({ address }: { readonly address: string }): string {
  return given.get(address) ?? keyOfBrowser(address);
}

function serverOf(choice: EngineChoice): Answerer {
  if (choice.kind === 'tab') return noModel;
  if (choice.address === '' && isStaticPage()) return noServer;
  return createServerAnswerer({ address: choice.address, key: keyOfBrowserFor(choice) });
}

/** Answers every request with the error `absent`, which says what to choose. */
function absentAnswerer(words: string): Answerer {
  return {
    describe: () => Promise.reject(new AnswererError('absent', words)),
    // biome-ignore lint/correctness/useYield: there is nothing to yield
    async *answer() {
      throw new AnswererError('absent', words);
    },
  };
}
