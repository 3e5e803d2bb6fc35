// Goes from one branch to another: a former wording of a message, or a further answer.

import type { JSX } from 'preact';
import { IconButton } from './icon.js';

export interface BranchesProps {
  /** Ids of the messages at this place, the oldest first. */
  readonly ids: readonly string[];
  readonly shown: string;
  /** What they are: `message` or `answer`. */
  readonly what: string;
  readonly onChoose: (id: string) => void;
}

export function Branches({ ids, shown, what, onChoose }: BranchesProps): JSX.Element | null {
  if (ids.length < 2) return null;
  const at = ids.indexOf(shown);
  const choose = (index: number) => (): void => onChoose(ids[index]!);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a part of a form
    <span class="branches" role="group" aria-label={`Versions of this ${what}`}>
      <IconButton icon="left" label={`Former ${what}`} isDisabled={at === 0} onClick={choose(at - 1)} />
      <span class="figure">
        {at + 1} of {ids.length}
      </span>
      <IconButton icon="right" label={`Next ${what}`} isDisabled={at === ids.length - 1} onClick={choose(at + 1)} />
    </span>
  );
}
