// npm run demo: the whole toolkit on the bundled model, as commands anyone can type.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { prepare } from './install/prepare.mjs';
import { root, runNode } from './npm.mjs';

const output = path.join(root, 'demo-output');
const llamaCommand = path.join(root, 'packages', 'cli', 'bin', 'run.js');

/** Shows a command as a user would type it, then runs it. */
function llama(...args) {
  const shown = args.map((arg) => (/[\s?]/.test(arg) ? `"${arg}"` : arg)).join(' ');
  console.log(`\n$ llama ${shown}`);
  runNode(llamaCommand, args, { cwd: output });
}

function sha256(file) {
  return createHash('sha256')
    .update(fs.readFileSync(path.join(output, file)))
    .digest('hex');
}

prepare();
fs.mkdirSync(output, { recursive: true });

console.log('Export the bundled model, as float32 and as int8:');
llama('export', 'sample.bin', '--version', '1', '--force');
llama('export', 'sample-q8_0.bin', '--version', '2', '--force');

console.log('\nQuantize the float32 file, and compare with the direct export:');
llama('quantize', 'sample.bin', 'quantized.bin', '--force');
const [direct, quantized] = [sha256('sample-q8_0.bin'), sha256('quantized.bin')];
console.log(`\n${direct}  sample-q8_0.bin\n${quantized}  quantized.bin`);
if (direct !== quantized) {
  console.error('The two differ, expected the same bytes.');
  process.exit(1);
}
console.log('The same, byte for byte.');

console.log('\nThe same in 4 bits, derived again from the float32 file, and all three side by side:');
llama('quantize', 'sample.bin', 'sample-q4.bin', '--version', '3', '--force');
llama('verify', 'sample-q4.bin', '--against', 'sample.bin', '--worst', '3');
const text = path.relative(output, path.join(root, 'packages', 'sample-model', 'heldout.txt'));
llama('compare', 'sample.bin', 'sample-q8_0.bin', 'sample-q4.bin', '--text', text);

console.log('\nLook inside:');
llama('inspect', 'sample-q8_0.bin');

console.log('\nA story and a conversation:');
llama('run', 'sample-q8_0.bin', 'Once upon a time', '-t', '0');
console.log('\n$ echo "What sound does a cow make?" | llama chat sample-q8_0.bin -t 0');
runNode(llamaCommand, ['chat', 'sample-q8_0.bin', '-t', '0'], {
  cwd: output,
  input: 'What sound does a cow make?\n',
  stdio: ['pipe', 'inherit', 'inherit'],
});

console.log(`\nThe files are in ${path.relative(process.cwd(), output) || '.'}. Go on with: npx llama chat`);
