// A model for this tab: a file that is picked or dropped, an address, or one that the browser keeps.

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { isStaticPage } from '../state/page-host.js';
import type { TabModels } from '../tab/tab-models.js';
import type { TabState } from '../tab/tab-state.js';
import { Field } from './field.js';
import { ModelFactsList } from './server-panel.js';
import { StoredModels } from './stored-models.js';
import { TabStatus } from './tab-status.js';

export interface TabPanelProps {
  readonly tab: TabState;
  readonly models: TabModels;
}

export function TabPanel({ tab, models }: TabPanelProps): JSX.Element {
  const { model } = tab;
  const isBusy = !['none', 'ready', 'failed'].includes(model.step);
  return (
    <>
      <TabStatus model={model} />
      {isBusy && (
        <div class="row">
          <button type="button" class="button" onClick={models.cancel}>
            {model.step === 'downloading' ? 'Stop the download' : 'Stop'}
          </button>
        </div>
      )}
      {model.step === 'ready' && <ModelFactsList {...model.facts} />}
      <FilePicker onFile={(file) => void models.openFile(file)} />
      {isStaticPage() && <AddressForm isBusy={isBusy} onAddress={(url) => void models.openAddress(url)} />}
      <StoredModels tab={tab} models={models} isBusy={isBusy} />
    </>
  );
}

/** Takes a file by the browser's dialog, and one that is dropped on it. */
function FilePicker({ onFile }: { readonly onFile: (file: File) => void }): JSX.Element {
  const [isOver, setIsOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a part of a form
    <div
      class={isOver ? 'drop is-over' : 'drop'}
      role="group"
      aria-label="A file of this machine"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) onFile(file);
      }}
    >
      <button type="button" class="button primary" onClick={() => input.current!.click()}>
        Pick a file
      </button>
      <p class="hint">
        or drop it here: a .bin file, as llama export and llama pull make it. It does not leave this machine.
      </p>
      <input
        ref={input}
        type="file"
        accept=".bin"
        hidden
        aria-label="Model file"
        onChange={() => {
          const file = input.current!.files?.[0];
          if (file !== undefined) onFile(file);
          // So that the same file can be picked again.
          input.current!.value = '';
        }}
      />
    </div>
  );
}

function AddressForm({
  isBusy,
  onAddress,
}: {
  readonly isBusy: boolean;
  readonly onAddress: (url: string) => void;
}): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      ref={form}
      class="settings"
      onSubmit={(event) => {
        event.preventDefault();
        onAddress(form.current!.querySelector('input')!.value.trim());
      }}
    >
      <Field
        label="Address of a .bin file"
        name="weights"
        hint="It is downloaded once, checked, and kept in this browser."
      >
        {(props) => <input {...props} inputMode="url" required placeholder="https://example.com/llama-3.2-1b.bin" />}
      </Field>
      <div class="row">
        <button type="submit" class="button" disabled={isBusy}>
          Download
        </button>
      </div>
    </form>
  );
}
