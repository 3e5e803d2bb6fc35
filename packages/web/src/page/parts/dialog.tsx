// A dialog: the browser keeps the focus in it, and Escape closes it.

import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { IconButton } from './icon.js';

export interface DialogProps {
  readonly title: string;
  /** `side` stands at an edge of the window, `middle` in its middle. */
  readonly place: 'left' | 'right' | 'middle';
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, place, onClose, children }: DialogProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const opener = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      // The browser gives the focus back to a dialog's opener only where the dialog is still there.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it
    <dialog
      ref={ref}
      class={`dialog dialog-${place}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // A browser may close it without asking; after its removal the event says nothing.
      onClose={() => ref.current !== null && onClose()}
      // Only a click beside it hits the dialog itself: its content fills it.
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-content">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
