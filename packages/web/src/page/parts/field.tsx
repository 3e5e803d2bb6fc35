// A field of a form with its name, what it does, and what is wrong with it.

import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

/** What the control gets. */
export interface ControlProps {
  readonly id: string;
  readonly name: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

export interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint: string;
  readonly problem?: string | undefined;
  readonly children: (props: ControlProps) => JSX.Element;
}

export function Field({ label, name, hint, problem, children }: FieldProps): JSX.Element {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, name, 'aria-describedby': hintId, 'aria-invalid': problem !== undefined })}
      <p id={hintId} class={problem === undefined ? 'hint' : 'hint problem'}>
        {problem ?? hint}
      </p>
    </div>
  );
}
