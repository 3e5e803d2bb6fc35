// What a choice says of its digest: a field of this server's own, for a request that asks for it.

import type { GenerateEndEvent } from '@llama-ts/runtime';

/** The field `digest`; nothing before the end of the choice, and without the option. */
export function digestOf(end: Pick<GenerateEndEvent, 'digest'> | null): { readonly digest?: string } {
  return end?.digest === undefined ? {} : { digest: end.digest };
}
