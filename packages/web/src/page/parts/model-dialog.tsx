// Who answers: a server, or a model in this tab.

import type { JSX } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import { isStaticPage } from '../state/page-host.js';
import type { PageState } from '../state/page-state.js';
import { Dialog } from './dialog.js';
import { ServerPanel } from './server-panel.js';
import { TabPanel } from './tab-panel.js';

export interface ModelDialogProps {
  readonly state: PageState;
  readonly controller: Controller;
  readonly onClose: () => void;
}

export function ModelDialog({ state, controller, onClose }: ModelDialogProps): JSX.Element {
  const { kind } = state.engine;
  // Other tabs of the browser may have changed it.
  useLayoutEffect(() => {
    void controller.tab.list();
  }, []);
  return (
    <Dialog title="Model" place="right" onClose={onClose}>
      <fieldset class="choices">
        <legend>Answers come from</legend>
        <label class="check">
          <input
            type="radio"
            name="engine"
            checked={kind === 'server'}
            onChange={() => controller.useEngine({ kind: 'server', address: '' })}
          />
          {isStaticPage() ? 'a server' : 'the server of this page'}
        </label>
        <label class="check">
          <input
            type="radio"
            name="engine"
            checked={kind === 'tab'}
            onChange={() => controller.useEngine({ kind: 'tab', stored: null })}
          />
          a model in this tab
        </label>
      </fieldset>
      {kind === 'server' ? (
        <ServerPanel state={state} controller={controller} />
      ) : (
        <TabPanel tab={state.tab} models={controller.tab} />
      )}
    </Dialog>
  );
}
