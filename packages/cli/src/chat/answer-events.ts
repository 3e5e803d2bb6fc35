// What a chat says while it answers, parted: notices to one side, the answer to the other.

import type { ChatEvent, GenerateEvent, TurnsDroppedEvent } from '@llama-ts/runtime';

/** The events of the answer; turns dropped to make room for it are given to `notice`. */
export async function* answerEvents(
  events: AsyncIterable<ChatEvent>,
  notice: (text: string) => void,
): AsyncGenerator<GenerateEvent> {
  for await (const event of events) {
    if (event.type === 'turns-dropped') notice(droppedNotice(event));
    else yield event;
  }
}

function droppedNotice({ nTurns, nMessages, nTokensBefore, nTokens, contextLength }: TurnsDroppedEvent): string {
  const turns = nTurns === 1 ? 'the oldest turn' : `the ${nTurns} oldest turns`;
  return (
    `context full: dropped ${turns} (${nMessages} messages); ` +
    `${nTokensBefore} tokens became ${nTokens} of ${contextLength}`
  );
}
