// The failure of a template, with the name that Python has for it.

/** Names of Python's and jinja2's exceptions; `Limit` is ours: the template does too much. */
export type FaultKind =
  | 'TypeError'
  | 'ValueError'
  | 'KeyError'
  | 'IndexError'
  | 'AttributeError'
  | 'OverflowError'
  | 'ZeroDivisionError'
  | 'UndefinedError'
  | 'SecurityError'
  | 'SyntaxError'
  | 'TemplateError'
  | 'RuntimeError'
  | 'Limit';

/** A template does not parse, does not render, or refuses the messages. */
export class TemplateFault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
  ) {
    super(message);
  }
}

export function fault(kind: FaultKind, message: string): never {
  throw new TemplateFault(kind, message);
}

/** Whether an error is a fault of one of some kinds, as Python's `except` asks. */
export function isFault(error: unknown, ...kinds: FaultKind[]): boolean {
  return error instanceof TemplateFault && kinds.includes(error.kind);
}
