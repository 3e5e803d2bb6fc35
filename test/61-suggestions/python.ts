// Python for suggestions that call it, and libraries in place of those that no test can install.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Situation } from './situation.js';

/** Path of the interpreter itself, not of a wrapper script that searches the user's home; null without Python. */
export const python: string | null = findPython();

function findPython(): string | null {
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Loads what is there to load, and saves what FAKE_MODEL holds: a folder, for a vocabulary of n tokens FAKE_MODEL-n. */
const transformers = `import os, shutil

class Loaded:
    def __init__(self, name, suffixes):
        if '/' in name and not os.path.isdir(name) and suffixes == ():
            pass  # a tokenizer of the hub
        elif not any(file.endswith(suffixes or '.json') for file in os.listdir(name)):
            raise OSError(f'{name}: nothing to load')
        self.source = os.environ['FAKE_MODEL']
        self.is_model = suffixes != ()

    def resize_token_embeddings(self, n):
        self.source += f'-{n}'

    def save_pretrained(self, folder):
        os.makedirs(folder, exist_ok=True)
        for file in os.listdir(self.source):
            if file.startswith(('model', 'config', 'generation') if self.is_model else 'token'):
                shutil.copy(os.path.join(self.source, file), folder)

class AutoModelForCausalLM:
    @staticmethod
    def from_pretrained(name, torch_dtype='float32'):
        return Loaded(name, ('.bin', '.safetensors'))

class AutoTokenizer:
    @staticmethod
    def from_pretrained(name):
        return Loaded(name, ())
`;
/** Puts python3 on the PATH, with transformers that saves the checkpoint `saved`. */
export async function takePython(s: Situation, saved: string): Promise<void> {
  await s.write('../python/transformers.py', transformers);
  const modules = join(s.folder, '../python');
  await s.tool('python3', `PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='${modules}' exec '${python}' "$@"`);
  s.env.FAKE_MODEL = s.path(saved);
}

/** The hub's own program: downloads the named files, or those of a pattern, from HF_ENDPOINT into a folder. */
const hf = `import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { include: { type: 'string' }, 'local-dir': { type: 'string' } },
});
const [command, repo, ...files] = positionals;
if (command !== 'download') throw new Error(command);
const api = await fetch(process.env.HF_ENDPOINT + '/api/models/' + repo + '/tree/main');
if (!api.ok) throw new Error(repo + ': ' + api.status);
const listed = (await api.json()).map(({ path }) => path);
const pattern = values.include && new RegExp('^' + values.include.replaceAll('.', '[.]').replaceAll('*', '.*') + '$');
for (const file of pattern ? listed.filter((path) => pattern.test(path)) : files) {
  const response = await fetch(process.env.HF_ENDPOINT + '/' + repo + '/resolve/main/' + file);
  if (!response.ok) throw new Error(file + ': ' + response.status);
  await writeFile(join(values['local-dir'], file), new Uint8Array(await response.arrayBuffer()));
}
`;

/** Puts hf on the PATH. */
export async function takeHf(s: Situation): Promise<void> {
  await s.write('../hf.mjs', hf);
  await s.tool('hf', `exec node "$(dirname "$0")/../hf.mjs" "$@"`);
}
