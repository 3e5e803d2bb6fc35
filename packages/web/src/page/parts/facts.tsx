// How an answer came about, in a line that opens.

import type { JSX } from 'preact';
import type { AnswerFacts } from '../conversation/message.js';

export function Facts({ facts }: { readonly facts: AnswerFacts }): JSX.Element {
  const { answerTokens, tokensPerSecond, finishReason } = facts;
  const speed = tokensPerSecond === null ? '' : `, ${rate(tokensPerSecond)} per second`;
  const cut = finishReason === 'length' ? ', cut at its longest' : '';
  return (
    <details class="facts">
      <summary>
        {count(answerTokens, 'token')}
        {speed}
        {cut}
      </summary>
      <dl>
        {rowsOf(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function rowsOf(facts: AnswerFacts): readonly (readonly [string, string])[] {
  const { promptTokens, cachedTokens, answerTokens, contextLength, firstTokenMs } = facts;
  const used = promptTokens + answerTokens;
  return [
    ['Prompt', `${count(promptTokens, 'token')}, ${number(cachedTokens)} of them cached`],
    ['Context', `${number(used)} of ${number(contextLength)} tokens`],
    ...(firstTokenMs === null ? [] : [['First token', `after ${number(Math.round(firstTokenMs))} ms`] as const]),
    ['Seed', facts.seed],
    ['Model', facts.model],
    ['Fingerprint', facts.fingerprint],
    ...(facts.modelSha256 ? [['Model sha256', facts.modelSha256] as const] : []),
    ...(facts.digest ? [['Answer sha256', facts.digest] as const] : []),
  ];
}

export function number(value: number): string {
  return value.toLocaleString('en');
}

function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`;
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : number(Math.round(perSecond));
}
