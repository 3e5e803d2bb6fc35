// Settings that a plain file does not hold, recognised from its dimensions: those of the published Llama 3 models.

import type { BoundaryTokens, ForwardSettings, Llama3RopeScaling, ModelDimensions } from './model-config.js';

/** Assumed settings of a file that holds none. */
export interface AssumedSettings extends ForwardSettings, BoundaryTokens {
  /** Published model that has these dimensions. */
  readonly preset: string;
}

interface Preset {
  readonly preset: string;
  /** dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen */
  readonly dimensions: readonly [number, number, number, number, number, number, number];
  readonly ropeScaling: Llama3RopeScaling | null;
}

const scaledBy = (factor: number): Llama3RopeScaling => ({
  factor,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 8192,
});

/** @see config.json of meta-llama/Llama-3.2-1B, -3B, Llama-3.1-8B and Meta-Llama-3-8B */
const presets: readonly Preset[] = [
  { preset: 'Llama 3.2 1B', dimensions: [2048, 8192, 16, 32, 8, 128256, 131072], ropeScaling: scaledBy(32) },
  { preset: 'Llama 3.2 3B', dimensions: [3072, 8192, 28, 24, 8, 128256, 131072], ropeScaling: scaledBy(32) },
  { preset: 'Llama 3.1 8B', dimensions: [4096, 14336, 32, 32, 8, 128256, 131072], ropeScaling: scaledBy(8) },
  { preset: 'Llama 3 8B', dimensions: [4096, 14336, 32, 32, 8, 128256, 8192], ropeScaling: null },
];

/** The published model of these dimensions, or null. The context length may have been cut in a copy's header. */
export function assumedSettings(dimensions: ModelDimensions): AssumedSettings | null {
  const { dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize, maxSeqLen } = dimensions;
  const shape = [dim, hiddenDim, nLayers, nHeads, nKvHeads, vocabSize];
  const candidates = presets.filter((preset) => shape.every((n, i) => n === preset.dimensions[i]));
  const preset = candidates.find((candidate) => candidate.dimensions[6] === maxSeqLen) ?? candidates[0];
  if (preset === undefined) return null;
  return {
    preset: preset.preset,
    ropeTheta: 500000,
    ropeScaling: preset.ropeScaling,
    normEpsilon: 1e-5,
    bosId: 128000,
    eosIds: [128001, 128008, 128009],
  };
}
