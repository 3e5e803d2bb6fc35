// Every token of an answer, tinted the more the less probable it was; hover, focus or a tap shows what else might have come.

import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Token, TokenCandidate } from '../conversation/message.js';
import { memo } from './memo.js';
import { endsLine, percent, probabilityOf, shownToken } from './token-text.js';

/** Steps of the tint. */
const N_TINTS = 5;
/** Between a token and its detail. */
const GAP_PIXELS = 4;

export function TokenView({ tokens }: { readonly tokens: readonly Token[] }): JSX.Element {
  const view = useRef<HTMLDivElement>(null);
  const detailId = useId();
  /** The token that has the place in the order of the Tab key. */
  const [stop, setStop] = useState(0);
  const [hovered, setHovered] = useState<number | null>(null);
  const [focused, setFocused] = useState<number | null>(null);
  // A pointer that leaves, or is scrolled away, does not hide what the keyboard shows.
  const shown = hovered ?? focused;

  const indexAt = (target: EventTarget | null): number | null => {
    const token = (target as Element | null)?.closest?.('[data-index]');
    return token ? Number(token.getAttribute('data-index')) : null;
  };
  const go = (index: number): void => {
    const last = tokens.length - 1;
    const next = Math.min(last, Math.max(0, index));
    setStop(next);
    view.current!.querySelector<HTMLElement>(`[data-index="${next}"]`)!.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowRight: stop + 1, ArrowDown: stop + 1, ArrowLeft: stop - 1, ArrowUp: stop - 1 },
      ...{ Home: 0, End: tokens.length - 1 },
    };
    const next = moves[event.key];
    if (event.key === 'Escape') {
      setHovered(null);
      setFocused(null);
    }
    if (next === undefined) return;
    event.preventDefault();
    go(next);
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is a part of a form
    <div
      ref={view}
      class="token-view"
      role="group"
      aria-label={`${tokens.length} tokens with their probabilities; arrow keys move between them`}
      onKeyDown={onKeyDown}
      onPointerOver={(event) => {
        const index = indexAt(event.target);
        if (index !== null) setHovered(index);
      }}
      onPointerLeave={() => setHovered(null)}
      onFocusIn={(event) => {
        const index = indexAt(event.target);
        if (index === null) return;
        setStop(index);
        setFocused(index);
      }}
      onFocusOut={() => setFocused(null)}
    >
      <TokenRow tokens={tokens} stop={Math.min(stop, tokens.length - 1)} shown={shown} detailId={detailId} />
      {shown !== null && tokens[shown] !== undefined && (
        <TokenDetail key={shown} id={detailId} token={tokens[shown]} index={shown} view={view.current!} />
      )}
    </div>
  );
}

interface TokenRowProps {
  readonly tokens: readonly Token[];
  readonly stop: number;
  readonly shown: number | null;
  readonly detailId: string;
}

const TokenRow = memo(({ tokens, stop, shown, detailId }: TokenRowProps) => (
  <p class="token-row">
    {tokens.map((token, i) => (
      <OneToken key={i} token={token} index={i} isStop={i === stop} detailId={i === shown ? detailId : null} />
    ))}
  </p>
));

interface OneTokenProps {
  readonly token: Token;
  readonly index: number;
  readonly isStop: boolean;
  /** Id of the detail while it is shown; null otherwise. */
  readonly detailId: string | null;
}

const OneToken = memo(({ token, index, isStop, detailId }: OneTokenProps) => {
  const probability = probabilityOf(token);
  const text = shownToken(token);
  return (
    <>
      <button
        type="button"
        class={`token tint-${tintOf(probability)}`}
        data-index={index}
        tabIndex={isStop ? 0 : -1}
        aria-label={`${text}, ${percent(probability)}`}
        aria-describedby={detailId ?? undefined}
      >
        {text}
      </button>
      {endsLine(token) && <br />}
    </>
  );
});

interface TokenDetailProps {
  readonly id: string;
  readonly token: Token;
  readonly index: number;
  readonly view: HTMLElement;
}

function TokenDetail({ id, token, index, view }: TokenDetailProps): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = (): void => placeBeside(view.querySelector(`[data-index="${index}"]`)!, ref.current!, view);
    place();
    addEventListener('scroll', place, true);
    addEventListener('resize', place);
    return () => {
      removeEventListener('scroll', place, true);
      removeEventListener('resize', place);
    };
  }, [index]);
  const candidates = candidatesOf(token);
  return (
    <div ref={ref} id={id} class="token-detail" role="tooltip">
      <p class="token-detail-head">
        <code>{shownToken(token)}</code> {percent(probabilityOf(token))}
      </p>
      <ul>
        {candidates.map((candidate, i) => (
          <li key={i} class={isSame(candidate, token) ? 'is-chosen' : ''}>
            <code>{shownToken(candidate)}</code>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${probabilityOf(candidate) * 100}%` }} />
            </span>
            <span class="figure">{percent(probabilityOf(candidate))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/**
 * Places a detail under its token, or above it near the lower edge of the window.
 *
 * It is outside the layout of the messages: if it made them longer, hiding it could scroll them while a button is pressed,
 * and the click would miss.
 */
function placeBeside(token: Element, detail: HTMLElement, view: Element): void {
  const { left, top, bottom } = token.getBoundingClientRect();
  const bounds = view.getBoundingClientRect();
  const { offsetWidth, offsetHeight, style } = detail;
  const below = bottom + GAP_PIXELS;
  style.left = `${Math.max(bounds.left, Math.min(left, bounds.right - offsetWidth))}px`;
  style.top = `${below + offsetHeight <= innerHeight ? below : top - GAP_PIXELS - offsetHeight}px`;
}

/** The most probable ones, and the chosen one at their end if it is none of them. */
function candidatesOf(token: Token): readonly TokenCandidate[] {
  return token.top.some((one) => isSame(one, token)) ? token.top : [...token.top, token];
}

function isSame(a: TokenCandidate, b: TokenCandidate): boolean {
  return a.text === b.text && String(a.bytes) === String(b.bytes);
}

/** 0 for a token that was sure to come. */
function tintOf(probability: number): number {
  return Math.min(N_TINTS, Math.floor((1 - probability) * (N_TINTS + 1)));
}
