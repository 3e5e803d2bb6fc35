// What small parts of a repository's files tell of its model.

import type { ModelDimensions } from '@llama-ts/format';
import type { FloatType } from '../convert/weight-types.js';
import type { ModelSettings } from '../source/model-source.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** A model of a repository, as far as config.json or the header of a GGUF file tells. */
export interface RepositoryModel {
  /** With a classifier of its own where only the weights tell that it is the embedding. */
  readonly dimensions: ModelDimensions;
  readonly settings: ModelSettings;
  /** Rows of a GGUF file; undefined for a checkpoint, whose weights are floats. */
  readonly rows?: Pick<WeightRows, 'quantizationOf'> | undefined;
  /** The one type that its matrices are stored in; null for several; undefined where it was not looked up. */
  readonly storedType?: FloatType | null | undefined;
  /** Bytes that tokenizer and chat templates are read from. */
  readonly textBytes: number;
}
