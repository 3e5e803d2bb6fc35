// Who answers: a server, or a model in this tab. The browser keeps the choice.

import { isStaticPage } from './page-host.js';

export type EngineChoice =
  /** `address`: the part before `/v1`; empty for the server that the page came from. */
  | { readonly kind: 'server'; readonly address: string }
  /** `stored`: the model's name among those that the browser keeps; null for a file, which has to be picked again. */
  | { readonly kind: 'tab'; readonly stored: string | null };

const NAME = 'llama-ts-engine';

/** The choice that the browser keeps; else the page's own server, and the tab where there is none. */
export function keptChoice(): EngineChoice {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? 'null') as Partial<Record<string, unknown>> | null;
    if (kept?.kind === 'tab') return { kind: 'tab', stored: typeof kept.stored === 'string' ? kept.stored : null };
    // Another server's address is of no use where the policy allows the page's own alone.
    if (kept?.kind === 'server' && isStaticPage()) return { kind: 'server', address: String(kept.address ?? '') };
  } catch {
    // Nothing is kept.
  }
  return isStaticPage() ? { kind: 'tab', stored: null } : { kind: 'server', address: '' };
}

export function keepChoice(choice: EngineChoice): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(choice));
  } catch {
    // A browser that keeps nothing: the choice holds until the page is closed.
  }
}
