// Where a chat's lines come from: a terminal or a pipe.

/** A line, or the reason why no line came. */
export type Line =
  | { readonly type: 'line'; readonly text: string }
  /** Ctrl-C at the prompt, which discards the typed text. */
  | { readonly type: 'interrupt' }
  | { readonly type: 'end' };

/** Options of asking for a line. */
export interface LineRequest {
  readonly prompt: string;
  /** Text to begin with, to be edited. */
  readonly prefill?: string | undefined;
}

/** Lines, one after the other. */
export interface LineSource {
  /** Whether a user is typing, who sees prompts and can correct mistakes. */
  readonly isTerminal: boolean;
  /** Whether a text can be given to be edited. */
  readonly canEdit: boolean;
  /** @throws ToolkitError `BAD_PROMPT` for bytes that are not UTF-8 */
  next(request: LineRequest): Promise<Line>;
  close(): void;
}
