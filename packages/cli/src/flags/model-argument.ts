// The argument of commands that open a model.

import { Args } from '@oclif/core';

/** A name that openNamedModel takes. */
export const modelArgument = Args.string({
  description: '.bin file, ORG/NAME[:VARIANT][@REVISION] of the hub, or folder',
  ignoreStdin: true,
});
