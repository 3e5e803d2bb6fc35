// The conversations, and what concerns all of them.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import type { PageState } from '../state/page-state.js';
import { Icon, IconButton } from './icon.js';
import { saveFile } from './save-file.js';
import { ThemeButton } from './theme.js';

export interface SidebarProps {
  readonly state: PageState;
  readonly controller: Controller;
  /** Called when a conversation was chosen or begun. */
  readonly onChosen: () => void;
}

export function Sidebar({ state, controller, onChosen }: SidebarProps): JSX.Element {
  const file = useRef<HTMLInputElement>(null);
  const { conversations, conversation, answering, hasKey } = state;
  const readFile = async (): Promise<void> => {
    const [chosen] = file.current!.files!;
    if (chosen === undefined) return;
    await controller.importFile(await chosen.text());
    // So that the same file can be chosen again.
    file.current!.value = '';
    onChosen();
  };
  return (
    <div class="sidebar">
      <button
        type="button"
        class="button new"
        onClick={() => {
          controller.newConversation();
          onChosen();
        }}
      >
        <Icon name="plus" /> New conversation
      </button>
      <nav aria-label="Conversations">
        <ul>
          {conversations.map(({ id, title }) => (
            <li key={id}>
              <button
                type="button"
                class="conversation"
                aria-current={id === conversation.id ? 'page' : undefined}
                onClick={() => {
                  void controller.show(id);
                  onChosen();
                }}
              >
                <span>{title === '' ? 'Without a title' : title}</span>
                {answering.has(id) && <span class="dot" role="img" aria-label="An answer is coming" />}
              </button>
            </li>
          ))}
        </ul>
        {conversations.length === 0 && <p class="hint">What you talk about is kept in this browser.</p>}
      </nav>
      <div class="sidebar-foot">
        <IconButton icon="upload" label="Import conversations" onClick={() => file.current!.click()} />
        <IconButton
          icon="download"
          label="Export all conversations"
          isDisabled={conversations.length === 0}
          onClick={async () => saveFile('conversations.json', await controller.exported('all'))}
        />
        <ThemeButton />
        {hasKey && (
          <button type="button" class="button plain" onClick={() => controller.setKey('')}>
            Forget the key
          </button>
        )}
        <input ref={file} type="file" accept="application/json,.json" hidden aria-label="File" onChange={readFile} />
      </div>
    </div>
  );
}
