// Where a chat's lines come from: somebody types them, or they are piped in.

/** What came. */
export type Line =
  | { readonly type: 'line'; readonly text: string }
  /** Ctrl-C at the prompt; what was typed is gone. */
  | { readonly type: 'interrupt' }
  | { readonly type: 'end' };

/** How to ask. */
export interface LineRequest {
  readonly prompt: string;
  /** Text to begin with, to be edited. */
  readonly prefill?: string | undefined;
}

/** Lines, one after the other. */
export interface LineSource {
  /** Whether somebody is typing, who sees prompts and mends mistakes. */
  readonly isTerminal: boolean;
  /** Whether a text can be given to be edited. */
  readonly canEdit: boolean;
  /** @throws ToolkitError `BAD_PROMPT` for bytes that are not UTF-8 */
  next(request: LineRequest): Promise<Line>;
  close(): void;
}
