// The description of a model in the trailer.

import {
  type BinVersion,
  type ModelDescription,
  type Provenance,
  type Quantization,
  SEARCH_RULE,
  templateFacts,
} from '@llama-ts/format';
import type { ModelFacts } from './source/model-source.js';

/**
 * null where the source does not hold what a trailer must say.
 *
 * @param quantization how v3's weights are quantized; null where all are as the source stores them
 */
export function describeModel(
  facts: ModelFacts,
  provenance: Provenance | null,
  version: BinVersion,
  quantization: Quantization | null = { rule: SEARCH_RULE },
): ModelDescription | null {
  const { dimensions, settings, eosSources, generation, chatTemplate } = facts;
  if (settings === null || provenance === null) return null;
  return {
    ...settings,
    eosSources,
    headDim: dimensions.dim / dimensions.nHeads,
    contextLength: dimensions.maxSeqLen,
    generation,
    chatTemplate,
    ...templateFacts(facts),
    ...(version === 3 && quantization !== null ? { quantization } : {}),
    provenance,
  };
}
