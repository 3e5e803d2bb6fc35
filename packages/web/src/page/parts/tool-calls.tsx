// The calls of an answer, each with its arguments and a field for its result, which goes back to the model.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { ToolCall } from '../conversation/message.js';
import { Icon } from './icon.js';

export interface ToolCallsProps {
  readonly calls: readonly ToolCall[];
  /** Results that were sent, in the order of the calls; empty before. */
  readonly results: readonly string[];
  readonly isBusy: boolean;
  readonly onSend: (results: readonly string[]) => void;
}

export function ToolCalls({ calls, results, isBusy, onSend }: ToolCallsProps): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const send = (event: Event): void => {
    event.preventDefault();
    onSend(Array.from(form.current!.querySelectorAll('textarea'), ({ value }) => value));
  };
  return (
    <form ref={form} class="tool-calls" onSubmit={send}>
      {calls.map((call, i) => (
        <section key={call.id} class="tool-call" aria-label={`Call of ${call.name}`}>
          <p class="tool-name">
            <Icon name="tool" /> <code>{call.name}</code>
          </p>
          <pre>
            <code>{indented(call.arguments)}</code>
          </pre>
          <label class="field">
            <span>Result</span>
            <textarea class="grows" required defaultValue={results[i] ?? ''} placeholder="What the call gave" />
          </label>
        </section>
      ))}
      <div class="row">
        <button type="submit" class="button primary" disabled={isBusy}>
          {results.length === 0 ? 'Send result' : 'Send again'}
        </button>
      </div>
    </form>
  );
}

/** Arguments as they were written, where they are no JSON. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
