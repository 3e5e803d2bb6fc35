// The tabs of a browser speak over a channel; a lock says that an answer comes, and ends with its tab.

import type { OtherTabs } from './other-tabs.js';

interface Told {
  readonly type: 'changed' | 'stop';
  readonly conversationId: string;
}

const CHANNEL = 'llama-ts conversations';
const LOCK = 'llama-ts answer ';

/** @param onStop called when another tab wants the answer of a conversation stopped */
export function createOtherTabs(onStop: (conversationId: string) => void): OtherTabs {
  const channel = new BroadcastChannel(CHANNEL);
  const post = (told: Told): void => channel.postMessage(told);
  const own = new Set<string>();
  let onChange: (conversationId: string) => void = () => undefined;
  channel.onmessage = ({ data: { type, conversationId } }: MessageEvent<Told>) => {
    if (type === 'changed') onChange(conversationId);
    else onStop(conversationId);
  };
  return {
    watch(callback) {
      onChange = callback;
    },
    tell: (conversationId) => post({ type: 'changed', conversationId }),
    stop: (conversationId) => post({ type: 'stop', conversationId }),
    hold(answerId) {
      own.add(answerId);
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      locks()
        ?.request(LOCK + answerId, () => held)
        .catch(() => undefined);
      return () => {
        own.delete(answerId);
        letGo();
      };
    },
    async comingElsewhere(answerIds) {
      const others = answerIds.filter((id) => !own.has(id));
      if (others.length === 0) return new Set();
      const { held = [] } = (await locks()?.query()) ?? {};
      const names = new Set(held.map(({ name }) => name));
      return new Set(others.filter((id) => names.has(LOCK + id)));
    },
    async whenOver(answerId) {
      await locks()?.request(LOCK + answerId, () => undefined);
    },
  };
}

/** Whether the page knows which answers come in other tabs: browsers tell no page from another machine without TLS. */
export function knowsOtherTabs(): boolean {
  return locks() !== undefined;
}

function locks(): LockManager | undefined {
  return (navigator as Partial<Navigator>).locks;
}
