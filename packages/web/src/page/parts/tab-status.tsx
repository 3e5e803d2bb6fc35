// How far the model of this tab is: words for everybody, a bar for what takes long, and what helps where it failed.

import type { JSX } from 'preact';
import { type TabStep, wordsOf } from '../tab/tab-state.js';
import { byteSize } from './byte-size.js';

export function TabStatus({ model }: { readonly model: TabStep }): JSX.Element {
  const progress = progressOf(model);
  return (
    <div class="tab-status">
      <p role="status">{wordsOf(model)}</p>
      {progress !== null && (
        <p class="tab-progress">
          <progress aria-label={progress.label} value={progress.done} max={progress.all} />
          <span class="figure">
            {byteSize(progress.done)} of {byteSize(progress.all)}
          </span>
        </p>
      )}
      {model.step === 'failed' && (
        <div class="outcome problem" role="alert">
          <p>{model.failure.message}</p>
          {model.failure.remedies.length > 0 && (
            <ul>
              {model.failure.remedies.map((remedy) => (
                <li key={remedy}>{remedy}</li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}

interface Progress {
  readonly label: string;
  readonly done: number;
  readonly all: number;
}

function progressOf(model: TabStep): Progress | null {
  if (model.step === 'downloading') return { label: 'Downloaded', done: model.receivedBytes, all: model.byteLength };
  if (model.step === 'checking') return { label: 'Checked', done: model.checkedBytes, all: model.byteLength };
  return null;
}
