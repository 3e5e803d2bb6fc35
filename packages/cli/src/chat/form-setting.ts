// The constraint as a setting: /set shows and changes it.

import { ToolkitError } from '@llama-ts/base';
import { constraintFlags, type GivenConstraint, readConstraint } from '../flags/constraint-flags.js';
import type { ChatFlags } from './chat-flags.js';

/** Names of forms, those of their flags. */
export const formNames = Object.keys(constraintFlags) as (keyof typeof constraintFlags)[];
export type FormName = (typeof formNames)[number];

export function isFormName(name: string): name is FormName {
  return (formNames as readonly string[]).includes(name);
}

/**
 * The form after `/set NAME TEXT`: one takes the place of another; `off` and `default` end the one of that name.
 *
 * @throws ToolkitError `USAGE`, and what {@link readConstraint} throws
 */
export async function changedForm(
  current: GivenConstraint | null,
  name: FormName,
  text: string,
  { stop }: Pick<ChatFlags, 'stop'>,
): Promise<GivenConstraint | null> {
  if (text === 'off' || text === 'default') return current?.flag === name ? null : current;
  if (name === 'json-mode' && text !== 'on') {
    throw new ToolkitError('USAGE', `/set json-mode ${JSON.stringify(text)}: expected on or off`);
  }
  if (stop !== undefined && stop.length > 0) {
    throw new ToolkitError('USAGE', `/set ${name} together with stop ${JSON.stringify(stop)}, expected one of them`, {
      suggestions: ['/set stop default'],
    });
  }
  return readConstraint({
    'json-schema': undefined,
    regex: undefined,
    'json-mode': false,
    [name]: givenValue(name, text),
  });
}

/** Name and value of one form as /set shows them. */
export function formValue(current: GivenConstraint | null, name: FormName): string {
  return current?.flag === name ? current.text : 'off';
}

function givenValue(name: FormName, text: string): string | boolean {
  return name === 'json-mode' ? true : text;
}
