// Constraints on an answer: an automaton over text, its masks over a vocabulary, and the state of one answer.

import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createPushdown } from './grammar/pushdown.js';
import type { GrammarSymbol } from './grammar/symbols.js';
import { extendText, startText } from './text-state.js';
import { applyMask, computeMask, type TokenMask } from './token-mask.js';
import { type TokenTrie, tokenTrieOf } from './token-trie.js';

/**
 * A constraint from `jsonSchema`, `jsonMode` or `regex`. It serves any number of answers, also at the same time, and
 * caches its masks over a tokenizer's vocabulary.
 */
export interface Constraint {
  /** Begins an answer. */
  begin(tokenizer: Tokenizer): ConstrainedText;
}

/** An answer under a constraint. */
export interface ConstrainedText {
  /** Whether the answer may end here. */
  readonly isComplete: boolean;
  /** Whether anything may follow; false ends the answer. */
  readonly hasNext: boolean;
  /**
   * Bans, by a logit of −∞, what may not follow.
   *
   * @param logits (vocabSize), changed in place
   * @param endIds tokens that end the answer: banned until it is complete
   */
  restrict(logits: Float32Array, endIds: readonly number[]): void;
  /** Adds a token that was not banned. */
  push(id: number): void;
}

/** 16 KB each with a vocabulary of 128,256 tokens. */
const MAX_MASKS = 2048;

/** A constraint of texts that a grammar derives. */
export function createConstraint(root: GrammarSymbol): Constraint {
  const pushdown = createPushdown(root);
  const vocabularies = new WeakMap<Tokenizer, Vocabulary>();

  return {
    begin(tokenizer) {
      const vocabulary = vocabularies.get(tokenizer) ?? { trie: tokenTrieOf(tokenizer), masks: new Map() };
      vocabularies.set(tokenizer, vocabulary);
      return beginText(tokenizer, vocabulary);
    },
  };

  function beginText(tokenizer: Tokenizer, { trie, masks }: Vocabulary): ConstrainedText {
    let text = startText(pushdown);
    return {
      get isComplete() {
        return text.state.isComplete;
      },
      get hasNext() {
        return text.state.hasNext;
      },
      restrict(logits, endIds) {
        const ends = endIds.map((id) => [id, logits[id]!] as const);
        applyMask(maskOf(), logits);
        for (const [id, logit] of ends) logits[id] = text.state.isComplete ? logit : Number.NEGATIVE_INFINITY;
      },
      push(id) {
        text = extendText(pushdown, text, tokenizer.tokenBytes(id))!;
      },
    };

    function maskOf(): TokenMask {
      const { state, key } = text;
      const known = masks.get(String(state.id)) ?? masks.get(nameOf(state.id, key));
      if (known !== undefined) return known;
      if (pushdown.isFull || masks.size >= MAX_MASKS) forget();
      const { mask, isForKey } = computeMask(trie, pushdown, text);
      masks.set(isForKey ? nameOf(state.id, key) : String(state.id), mask);
      return mask;
    }

    function forget(): void {
      pushdown.forget();
      masks.clear();
    }
  }
}

interface Vocabulary {
  readonly trie: TokenTrie;
  /** Masks whose key is a state, or a state and a key. */
  readonly masks: Map<string, TokenMask>;
}

function nameOf(stateId: number, key: string | null): string {
  return `${stateId}:${key}`;
}
