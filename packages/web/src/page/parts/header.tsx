// The conversation that is shown: its title, and what can be done with it.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import type { PageState } from '../state/page-state.js';
import { Dialog } from './dialog.js';
import { IconButton } from './icon.js';
import { saveFile } from './save-file.js';

export interface HeaderProps {
  readonly state: PageState;
  readonly controller: Controller;
  /** Opens the list of conversations, where it is not beside the page. */
  readonly onMenu: (() => void) | null;
  readonly onSettings: () => void;
  readonly onModel: () => void;
}

export function Header({ state, controller, onMenu, onSettings, onModel }: HeaderProps): JSX.Element {
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const { conversation, conversations, messages, model } = state;
  const { id, title } = conversation;
  const isKept = conversations.some((one) => one.id === id) && messages.size > 0;
  const close = (): void => setOpen(null);
  return (
    <header class="head">
      {onMenu !== null && <IconButton icon="menu" label="Conversations" onClick={onMenu} />}
      <div class="head-title">
        <h1>{title === '' ? 'New conversation' : title}</h1>
        {model !== null && <p class="hint">{model.name}</p>}
      </div>
      {isKept && (
        <>
          <IconButton icon="edit" label="Rename" class="wide-only" onClick={() => setOpen('rename')} />
          <IconButton
            icon="download"
            label="Export this conversation"
            onClick={async () => saveFile('conversation.json', await controller.exported('shown'))}
          />
          <IconButton icon="trash" label="Delete" onClick={() => setOpen('delete')} />
        </>
      )}
      <IconButton icon="model" label="Model" onClick={onModel} />
      <IconButton icon="settings" label="Settings" onClick={onSettings} />
      {open === 'rename' && (
        <RenameDialog
          title={title}
          onClose={close}
          onRename={(name) => {
            controller.rename(name);
            close();
          }}
        />
      )}
      {open === 'delete' && (
        <Dialog title="Delete this conversation?" place="middle" onClose={close}>
          <p>It is in this browser alone: once deleted, nothing brings it back.</p>
          <div class="row">
            <button type="button" class="button" onClick={close}>
              Keep it
            </button>
            <button
              type="button"
              class="button danger"
              onClick={() => {
                close();
                void controller.remove(id);
              }}
            >
              Delete
            </button>
          </div>
        </Dialog>
      )}
    </header>
  );
}

interface RenameDialogProps {
  readonly title: string;
  readonly onRename: (title: string) => void;
  readonly onClose: () => void;
}

function RenameDialog({ title, onRename, onClose }: RenameDialogProps): JSX.Element {
  const [name, setName] = useState(title);
  return (
    <Dialog title="Rename" place="middle" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onRename(name.trim());
        }}
      >
        <input aria-label="Title" required value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        <div class="row">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            Rename
          </button>
        </div>
      </form>
    </Dialog>
  );
}
