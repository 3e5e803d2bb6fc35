// The page.

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import { useStore } from '../state/store.js';
import { Banner } from './banner.js';
import { Composer } from './composer.js';
import { Dialog } from './dialog.js';
import { Header } from './header.js';
import { MessageList } from './message-list.js';
import { ModelDialog } from './model-dialog.js';
import { Notice } from './notice.js';
import { SettingsDialog } from './settings-dialog.js';
import { Sidebar } from './sidebar.js';

/** From this width on the list of conversations is beside them; app.css has the same. */
const WIDE = '(min-width: 56rem)';

export function App({ controller }: { readonly controller: Controller }): JSX.Element {
  const state = useStore(controller.state);
  const isWide = useMedia(WIDE);
  const [open, setOpen] = useState<'conversations' | 'settings' | 'model' | null>(null);
  const close = (): void => setOpen(null);
  const title = state.conversation.title;
  useLayoutEffect(() => {
    document.title = title === '' ? 'llama' : `${title} – llama`;
  }, [title]);
  return (
    <div class="app">
      {isWide && (
        <aside class="aside" aria-label="All conversations">
          <Sidebar state={state} controller={controller} onChosen={close} />
        </aside>
      )}
      <main class="main">
        <Header
          state={state}
          controller={controller}
          onMenu={isWide ? null : () => setOpen('conversations')}
          onSettings={() => setOpen('settings')}
          onModel={() => setOpen('model')}
        />
        <Banner state={state} controller={controller} onModel={() => setOpen('model')} />
        <MessageList state={state} controller={controller} />
        <Composer state={state} controller={controller} />
      </main>
      {open === 'conversations' && !isWide && (
        <Dialog title="Conversations" place="left" onClose={close}>
          <Sidebar state={state} controller={controller} onChosen={close} />
        </Dialog>
      )}
      {open === 'model' && <ModelDialog state={state} controller={controller} onClose={close} />}
      {open === 'settings' && (
        <SettingsDialog
          settings={state.conversation.settings}
          onClose={close}
          onSave={(settings) => {
            controller.changeSettings(settings);
            close();
          }}
        />
      )}
      <Notice notice={state.notice} controller={controller} />
      <p class="visually-hidden" role="status">
        {state.announcement}
      </p>
    </div>
  );
}

function useMedia(query: string): boolean {
  const [isMatching, setIsMatching] = useState(() => matchMedia(query).matches);
  useLayoutEffect(() => {
    const list = matchMedia(query);
    const update = (): void => setIsMatching(list.matches);
    list.addEventListener('change', update);
    return () => list.removeEventListener('change', update);
  }, [query]);
  return isMatching;
}
