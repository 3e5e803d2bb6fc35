// What the tabs of a browser tell each other: that a conversation changed, and that an answer is to stop; and which answers come
// in another tab.

export interface OtherTabs {
  /** Calls back when another tab has changed or removed a conversation. */
  watch(onChange: (conversationId: string) => void): void;
  /** Says that this tab has changed or removed a conversation. */
  tell(conversationId: string): void;
  /** Has the tab in which an answer of a conversation comes stop it. */
  stop(conversationId: string): void;
  /** Holds an answer that comes in this tab, until the returned function is called or the tab is closed. */
  hold(answerId: string): () => void;
  /** Those of some answers that come in other tabs; none where the browser does not say. */
  comingElsewhere(answerIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Resolves when no tab holds an answer. */
  whenOver(answerId: string): Promise<void>;
}
