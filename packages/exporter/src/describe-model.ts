// What the trailer says of a checkpoint.

import { type ModelDescription, type SourceFile, templateFacts } from '@llama-ts/format';
import type { Checkpoint } from './checkpoint/open-checkpoint.js';
import { TOOL } from './tool.js';

/** @param files the checkpoint's files with their sha256 */
export function describeModel(checkpoint: Checkpoint, files: readonly SourceFile[]): ModelDescription {
  const { dimensions, settings, eosSources, generation, chatTemplate, source, commit } = checkpoint;
  return {
    ...settings,
    eosSources,
    headDim: dimensions.dim / dimensions.nHeads,
    contextLength: dimensions.maxSeqLen,
    generation,
    chatTemplate,
    ...templateFacts(checkpoint),
    provenance: { source, commit, files, tool: TOOL },
  };
}
