// Answers a mistyped command with the nearest one; never prompts, so that scripts do not hang.

import { ToolkitError } from '@llama-ts/format';
import type { Hook } from '@oclif/core';
import { nearest } from '../nearest.js';

const commandNotFound: Hook<'command_not_found'> = async ({ id, config }) => {
  const guess = nearest(id, config.commandIDs);
  throw new ToolkitError('USAGE', `${id}: is no command of llama`, {
    suggestions: guess === null ? ['llama help'] : [`llama ${guess}`, 'llama help'],
  });
};

export default commandNotFound;
