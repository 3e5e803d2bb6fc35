// Makes the cache folder before a plugin's command does so with Node's recursive mkdir, which never ends in /proc.

import { join } from 'node:path';
import type { Hook } from '@oclif/core';
import { exitCodes } from '../failure/exit-codes.js';

const prerun: Hook<'prerun'> = async ({ Command, config }) => {
  if (!Command.id.startsWith('autocomplete')) return;
  const { describeFileFailure, FILE_LAYER, makeFolder } = await import('@llama-ts/durable');
  const folder = join(config.cacheDir, 'autocomplete', 'functions');
  try {
    await makeFolder(FILE_LAYER, folder);
  } catch (error) {
    const suggestions = ['keep it in a folder of your own: export XDG_CACHE_HOME=FOLDER'];
    const described = describeFileFailure(error, {
      what: `${folder}: cannot be made`,
      whenFull: ['free some space', ...suggestions],
      readOnly: { code: 'CACHE_READ_ONLY', suggestions },
      other: { code: 'CACHE_FAILED', suggestions },
    });
    // oclif swallows a hook's error that does not say how the process is to end.
    throw Object.assign(described as Error, { oclif: { exit: exitCodes.disk } });
  }
};

export default prerun;
