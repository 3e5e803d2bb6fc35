// The models that the browser keeps: opened, gone on with, removed.

import type { JSX } from 'preact';
import type { TabModels } from '../tab/tab-models.js';
import type { TabState } from '../tab/tab-state.js';
import { byteSize } from './byte-size.js';
import { IconButton } from './icon.js';

export interface StoredModelsProps {
  readonly tab: TabState;
  readonly models: TabModels;
  readonly isBusy: boolean;
}

export function StoredModels({ tab: { stored, space }, models, isBusy }: StoredModelsProps): JSX.Element | null {
  if (stored === null || stored.length === 0) return null;
  return (
    <section class="stored" aria-label="Kept in this browser">
      <h3>Kept in this browser</h3>
      <ul>
        {stored.map(({ name, byteLength, receivedBytes, isComplete }) => (
          <li key={name}>
            <span class="stored-name">{name}</span>
            <span class="hint">
              {isComplete ? byteSize(byteLength) : `${byteSize(receivedBytes)} of ${byteSize(byteLength)}`}
            </span>
            <button type="button" class="button" disabled={isBusy} onClick={() => void models.openStored(name)}>
              {isComplete ? 'Open' : 'Continue'}
            </button>
            <IconButton
              icon="trash"
              label={`Remove ${name}`}
              isDisabled={isBusy}
              onClick={() => void models.remove(name)}
            />
          </li>
        ))}
      </ul>
      {space !== null && (
        <p class="hint">
          {byteSize(space.usedBytes)}
          {space.quotaBytes === null ? '' : ` of ${byteSize(space.quotaBytes)}`} in use
        </p>
      )}
    </section>
  );
}
