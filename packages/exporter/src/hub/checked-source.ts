// A source of a repository whose files nothing has checked: their digests are compared with those that the hub lists, once they have
// passed by.

import type { ModelSource } from '../source/model-source.js';
import { corrupt } from './hub-failures.js';

/** @param listedSha256 by path in the repository */
export function checkedSource(source: ModelSource, listedSha256: ReadonlyMap<string, string>): ModelSource {
  return {
    ...source,
    pass() {
      // All are hashed, also for an output that does not name the digests.
      const pass = source.pass({ digests: true });
      return {
        ...pass,
        async finish(signal) {
          const { files } = (await source.provenance({ passed: await pass.finish(signal), signal }))!;
          for (const { path, sha256 } of files) {
            const expected = listedSha256.get(path);
            if (expected === undefined || expected === sha256) continue;
            throw corrupt(`${source.name}/${path}: content has sha256 ${sha256}, expected ${expected}`).error;
          }
          return files;
        },
      };
    },
  };
}
