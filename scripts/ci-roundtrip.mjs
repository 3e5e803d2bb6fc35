// npm run ci:roundtrip: exports a model as v1 and v2, dequantizes v2 and holds its error against a bound.
//
// usage: npm run ci:roundtrip -- [--hf DIR] [--max-error E] [--json]
// exit status: 0 within bounds, 3 beyond them. Without --max-error the bound is half a scale step per group, plus one
// unit in the last place of the weight.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

const { values } = parseArgs({
  options: { hf: { type: 'string' }, 'max-error': { type: 'string' }, json: { type: 'boolean', default: false } },
});
prepare();

const { exportModel, roundTripErrors } = await import('@llama-ts/exporter');
const { sampleModelPath } = await import('@llama-ts/sample-model');
const maxError = values['max-error'] === undefined ? null : Number(values['max-error']);
if (maxError !== null && !(maxError >= 0)) {
  console.error(`--max-error ${values['max-error']}: expected a number from 0`);
  process.exit(2);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-roundtrip-'));
try {
  const v1 = path.join(folder, 'v1.bin');
  const v2 = path.join(folder, 'v2.bin');
  for (const [output, version] of [
    [v1, 1],
    [v2, 2],
  ]) {
    for await (const _ of exportModel({ source: values.hf ?? sampleModelPath, output, version })) {
      // Only the files matter here.
    }
  }
  const tensors = [];
  for await (const tensor of roundTripErrors({ quantized: v2, original: v1 })) tensors.push(tensor);
  const beyond = tensors.filter((tensor) => (maxError === null ? !tensor.isWithinBound : tensor.maxError > maxError));
  if (values.json) console.log(JSON.stringify({ maxError, tensors, passed: beyond.length === 0 }, null, 2));
  else report(tensors, beyond);
  process.exitCode = beyond.length === 0 ? 0 : 3;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function report(tensors, beyond) {
  for (const { name, maxError: error, rmse, maxErrorInHalfSteps } of tensors) {
    const mark = beyond.some((tensor) => tensor.name === name) ? 'BEYOND' : 'ok';
    console.log(
      `${name.padEnd(40)} max error ${error.toExponential(3)}  rmse ${rmse.toExponential(3)}  ` +
        `${maxErrorInHalfSteps.toFixed(4)} half steps  ${mark}`,
    );
  }
  const bound = maxError === null ? 'half a scale step per group' : maxError;
  console.log(`${tensors.length - beyond.length} of ${tensors.length} tensors within ${bound}`);
}
