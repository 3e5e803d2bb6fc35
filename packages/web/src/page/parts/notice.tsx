// Something to tell, for a while.

import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Controller } from '../state/controller.js';
import type { Notice as Told } from '../state/page-state.js';

const SHOWN_MS = 3000;

export function Notice({
  notice,
  controller,
}: {
  readonly notice: Told | null;
  readonly controller: Controller;
}): JSX.Element {
  useEffect(() => {
    // A problem stays until the next message.
    if (notice === null || notice.isProblem) return undefined;
    const timer = setTimeout(() => controller.say(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class="notices" role={notice?.isProblem === true ? 'alert' : 'status'}>
      {notice !== null && <p class={notice.isProblem ? 'notice problem' : 'notice'}>{notice.text}</p>}
    </div>
  );
}
