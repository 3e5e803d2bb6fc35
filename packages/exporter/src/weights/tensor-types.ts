// Which tensors of a v3 file take 8 bits and which take 4.

import { matchesName, shellQuote, ToolkitError } from '@llama-ts/base';
import {
  float32Encoding,
  type ModelDimensions,
  PANEL_GROUP_SIZE,
  q4Encoding,
  q8Encoding,
  type TensorShape,
  tensorShapes,
  type WeightEncoding,
} from '@llama-ts/format';
import { iq4NlCodebook } from './codebooks.js';

/** Bits of a weight in v3, without its share of the scales. */
export type TensorType = 'q8' | 'q4';

/** The type of the tensors whose whole name a pattern matches: `*` stands for any characters, `?` for one. */
export interface TypeRule {
  readonly pattern: string;
  readonly type: TensorType;
}

/** The larger a table is, the fewer of its rows a token reads; 8 bits keep the logits of the classifier. */
const defaultRules: readonly TypeRule[] = [
  { pattern: '*', type: 'q4' },
  { pattern: 'tok_embeddings.weight', type: 'q8' },
  { pattern: 'output.weight', type: 'q8' },
];

/**
 * The encodings of a v3 file's tensors, in the order of its layout. Codebooks are chosen as the file is written; until then a
 * tensor of 4 bits has that of IQ4_NL.
 *
 * @param rules a later one takes an earlier one's place; default 4 bits for the layers, 8 for embedding and classifier
 * @param encodingOf how the source stores a tensor: one in panels is written as it is, unless a rule gives it other bits
 * @throws ToolkitError `INVALID_ARGUMENT` for a pattern that matches no matrix; `BAD_GROUP_SIZE` for rows that 32 does not divide
 */
export function planEncodings(
  dimensions: ModelDimensions,
  rules: readonly TypeRule[] = [],
  encodingOf: (tensor: TensorShape) => WeightEncoding | null = () => null,
): readonly WeightEncoding[] {
  const { dim, hiddenDim } = dimensions;
  if (dim % PANEL_GROUP_SIZE !== 0 || hiddenDim % PANEL_GROUP_SIZE !== 0) {
    const message = `dim ${dim} and hidden_dim ${hiddenDim}, expected multiples of ${PANEL_GROUP_SIZE} for v3`;
    throw new ToolkitError('BAD_GROUP_SIZE', message, {
      suggestions: ['write v2, whose groups may be smaller: --version 2'],
    });
  }
  const tensors = tensorShapes(3, dimensions);
  const matrices = tensors.filter(({ shape }) => shape.length > 1).map(({ name }) => name);
  for (const { pattern, type } of rules) {
    if (matrices.some((name) => matchesName(pattern, name))) continue;
    const message = `types: pattern ${JSON.stringify(pattern)} matches no matrix, expected names like ${matrices[1]}`;
    throw new ToolkitError('INVALID_ARGUMENT', message, {
      suggestions: [`name all down projections: --types ${shellQuote(`*.w2.weight=${type}`)}`],
    });
  }
  return tensors.map((tensor) => {
    const { name, shape } = tensor;
    if (shape.length === 1) return float32Encoding;
    const typeBy = (some: readonly TypeRule[]) => some.findLast(({ pattern }) => matchesName(pattern, name))?.type;
    const stored = encodingOf(tensor);
    const own = stored?.id === 'Q8' ? 'q8' : stored?.id === 'Q4' ? 'q4' : undefined;
    const type = typeBy(rules) ?? own ?? typeBy(defaultRules);
    if (stored !== null && type === own) return stored;
    return type === 'q8' ? q8Encoding : q4Encoding(iq4NlCodebook);
  });
}
