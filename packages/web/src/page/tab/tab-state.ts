// What the page shows of the model in this tab, and of those that the browser keeps.

import type { ListedModel, StoreSpace } from '@llama-ts/browser';
import type { TabFailure, TabModelFacts } from './messages.js';

/** How far a model is. */
export type TabStep =
  | { readonly step: 'none' }
  | { readonly step: 'looking'; readonly name: string }
  /** `note`: that another tab downloads it, or that the connection was cut. */
  | {
      readonly step: 'downloading';
      readonly name: string;
      readonly receivedBytes: number;
      readonly byteLength: number;
      readonly note: string;
    }
  | { readonly step: 'checking'; readonly name: string; readonly checkedBytes: number; readonly byteLength: number }
  | { readonly step: 'opening'; readonly name: string }
  | { readonly step: 'ready'; readonly facts: TabModelFacts }
  | { readonly step: 'failed'; readonly name: string; readonly failure: TabFailure };

export interface TabState {
  readonly model: TabStep;
  /** Models that the browser keeps; null before they were listed, and where it keeps none. */
  readonly stored: readonly ListedModel[] | null;
  readonly space: StoreSpace | null;
}

export const emptyTab: TabState = { model: { step: 'none' }, stored: null, space: null };

/** What a screen reader says, and what is written beside the progress. */
export function wordsOf(model: TabStep): string {
  switch (model.step) {
    case 'none':
      return 'No model is open in this tab.';
    case 'looking':
      return `Looking for ${model.name} …`;
    case 'downloading':
      return `Downloading ${model.name}${model.note === '' ? '' : `: ${model.note}`} …`;
    case 'checking':
      return `Checking ${model.name} against its checksums …`;
    case 'opening':
      return `Opening ${model.name} …`;
    case 'ready': {
      const { name, threads, whyOneThread, isChecked } = model.facts;
      const speed =
        whyOneThread === null ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : `one thread, as ${whyOneThread}`;
      const unchecked = isChecked ? '' : ' The file states no checksums, so it was not checked.';
      return `${name} is ready: ${speed}.${unchecked}`;
    }
    case 'failed':
      return `${model.name} is not open.`;
  }
}
