// What the page shows.

import type { AnswererFacts } from '../answerer/answerer.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Messages } from '../conversation/message.js';
import type { TabState } from '../tab/tab-state.js';
import type { EngineChoice } from './engine-choice.js';

/** `key`: the server wants a key, or another one; `absent`: no model is open in this tab, or no server chosen. */
export type ConnectionStatus = 'connecting' | 'up' | 'down' | 'key' | 'absent';

export interface PageState {
  readonly status: ConnectionStatus;
  /** The model that the last connection named; null before the first. */
  readonly model: AnswererFacts | null;
  readonly engine: EngineChoice;
  readonly tab: TabState;
  /** Whether a key was given. */
  readonly hasKey: boolean;
  /** Whether conversations outlive the page. */
  readonly isKept: boolean;
  /** Conversations that are kept, the last changed first. */
  readonly conversations: readonly Conversation[];
  /** The one that is shown. */
  readonly conversation: Conversation;
  readonly messages: Messages;
  /** Ids of conversations in which an answer is coming. */
  readonly answering: ReadonlySet<string>;
  /** Something to tell, which goes away. */
  readonly notice: Notice | null;
  /** What a screen reader says of the answer that begins or ends. */
  readonly announcement: string;
}

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isProblem: boolean;
}
