// Icons, drawn in lines on a square of 20. They carry no meaning of their own: the control that has one has a name.

import type { JSX } from 'preact';

const paths = {
  menu: 'M3 6h14M3 10h14M3 14h14',
  plus: 'M10 4v12M4 10h12',
  settings: 'M3 6h8m4 0h2M3 14h2m4 0h8M11 6a2 2 0 1 0 4 0a2 2 0 1 0-4 0M5 14a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
  close: 'M5 5l10 10M15 5L5 15',
  send: 'M10 16V4m-5 5l5-5l5 5',
  stop: 'M6 6h8v8H6z',
  copy: 'M7 7V4h9v9h-3M4 7h9v9H4z',
  again: 'M16 10a6 6 0 1 1-2-4.5M16 3v3.5h-3.5',
  edit: 'M4 16l.8-3.2L13 4.6l2.4 2.4l-8.2 8.2zM11.5 6.1l2.4 2.4',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.5 9v4M11.5 9v4',
  download: 'M10 3v9m-4-4l4 4l4-4M4 16h12',
  upload: 'M10 12V3m-4 4l4-4l4 4M4 16h12',
  left: 'M12 5l-5 5l5 5',
  right: 'M8 5l5 5l-5 5',
  model: 'M6 6h8v8H6zM8 3v3M12 3v3M8 14v3M12 14v3M3 8h3M3 12h3M14 8h3M14 12h3',
  down: 'M10 4v12m-5-5l5 5l5-5',
  tokens: 'M3 5h5v4H3zM10 5h7v4h-7zM3 11h8v4H3zM13 11h4v4h-4z',
  tool: 'M12.5 3.5a4 4 0 0 0-3.9 5.2L3.5 13.8l2.7 2.7l5.1-5.1a4 4 0 0 0 5-5L14 8.7L11.3 6z',
  light:
    'M10 6.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7M10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5L6 6M14 14l1.5 1.5M4.5 15.5L6 14M14 6l1.5-1.5',
  dark: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5z',
  auto: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14M10 3v14M12 6.5h3.5M12 10h5M12 13.5h3.5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export interface IconButtonProps {
  readonly icon: IconName;
  /** What it does: its name for a screen reader, and its tooltip. */
  readonly label: string;
  readonly onClick: () => void;
  readonly isDisabled?: boolean;
  /** Whether a button that switches something is on; absent for other buttons. */
  readonly isPressed?: boolean;
  readonly class?: string;
}

export function IconButton({ icon, label, onClick, isDisabled, isPressed, class: more }: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={`icon-button ${more ?? ''}`}
      aria-label={label}
      title={label}
      disabled={isDisabled ?? false}
      {...(isPressed === undefined ? {} : { 'aria-pressed': isPressed })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
