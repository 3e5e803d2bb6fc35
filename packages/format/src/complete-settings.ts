// The settings of a model whose file may not hold them: what its user states, else what is known of the model.

import { ToolkitError } from '@llama-ts/base';
import { exportAgain } from './export-again.js';
import type { BoundaryTokens, ForwardSettings, ModelDimensions } from './model-config.js';

/** LlamaConfig's value in every Llama 3. */
const DEFAULT_NORM_EPSILON = 1e-5;

/** What {@link completeSettings} completes. */
export interface CompleteSettingsOptions {
  /** Settings that the file holds, or that its dimensions identify; null for none. */
  readonly known: (ForwardSettings & BoundaryTokens) | null;
  /** Settings that replace the known ones, as far as they are defined. */
  readonly stated?: Partial<ForwardSettings & BoundaryTokens> | undefined;
  /** The file, for messages. */
  readonly name: string;
}

/**
 * All settings of a model.
 *
 * @throws ToolkitError `SETTINGS_UNKNOWN` where nothing says the RoPE base and scaling
 */
export function completeSettings(
  { dim, nLayers, vocabSize }: ModelDimensions,
  { known, stated = {}, name }: CompleteSettingsOptions,
): ForwardSettings & BoundaryTokens {
  const defined = Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
  const found: Partial<ForwardSettings & BoundaryTokens> = { ...known, ...defined };
  const { ropeTheta, ropeScaling, normEpsilon, bosId, eosIds, prefixIds, suffixIds } = found;
  if (ropeTheta === undefined || ropeScaling === undefined) {
    throw new ToolkitError(
      'SETTINGS_UNKNOWN',
      `${name}: a plain file of dim ${dim}, ${nLayers} layers and ${vocabSize} tokens is no published Llama 3 model, ` +
        'and the file does not hold the RoPE base and scaling',
      {
        suggestions: [
          'state them: --rope-theta 500000 --rope-scaling none',
          `export it again, with what the file lacks: ${exportAgain(name)}`,
        ],
      },
    );
  }
  return {
    ropeTheta,
    ropeScaling,
    normEpsilon: normEpsilon ?? DEFAULT_NORM_EPSILON,
    bosId: bosId ?? null,
    eosIds: eosIds ?? [],
    ...(prefixIds === undefined ? {} : { prefixIds }),
    ...(suffixIds === undefined ? {} : { suffixIds }),
  };
}
