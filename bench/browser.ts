// This toolkit against wllama (llama.cpp) in the same Chromium, on the same weights, with as many threads: tokens per second of a prompt
// and of what follows. Engines take turns; every turn is a page of its own.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { cp, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convertModel, exportModel } from '@llama-ts/exporter';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import type { Measured, Workload } from './browser/page.js';
import { makeModel } from './make-model.js';
import { isShapeName, MODEL_SHAPES } from './model/shapes.js';
import { summarize } from './statistics.js';

const USAGE = `npx tsx bench/browser.ts --wllama DIR [--shape 1b|3b|tiny] [--layers N] [--format q8|v3] [--threads N] [--prompt N]
  [--decode N] [--rounds N] [--folder DIR] [--chromium FILE]
  --wllama is what node scripts/install/install-wllama.mjs prints
  --format q8: v2 with groups of 32 against Q8_0; v3: each tensor as GGUF stores it, Q8_0, Q4_0 or IQ4_NL`;

const { values } = parseArgs({
  options: {
    wllama: { type: 'string' },
    shape: { type: 'string', default: '1b' },
    layers: { type: 'string' },
    format: { type: 'string', default: 'q8' },
    threads: { type: 'string', default: '2' },
    prompt: { type: 'string', default: '128' },
    decode: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    folder: { type: 'string', default: join(tmpdir(), 'llama-bench-browser') },
    chromium: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
});
const { wllama, shape, format, folder } = values;
if (wllama === undefined || !isShapeName(shape) || (format !== 'q8' && format !== 'v3')) {
  console.error(USAGE);
  process.exit(2);
}
const layers = Number(values.layers ?? MODEL_SHAPES[shape].layers);
const isOfV3 = format === 'v3';

const name = `${shape}-${layers}`;
const checkpoint = join(folder, name);
const model = join(folder, `${name}-${format}.bin`);
const gguf = join(folder, `${name}-${format}.gguf`);
const site = join(folder, 'site');
await makeFiles();

const workload: Workload = {
  threads: Number(values.threads),
  context: Number(values.prompt) + Number(values.decode) + 64,
  // About a token a word; both engines say how many there were.
  prompt: Array.from({ length: Number(values.prompt) - 1 }, (_, i) => ['the', 'dog', 'ran', 'home'][i % 4]).join(' '),
  nDecode: Number(values.decode),
};
const samples = { measureOurs: [] as Measured[], measureWllama: [] as Measured[] };
const engines = ['measureOurs', 'measureWllama'] as const;
const { origin, close } = await serve();
const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const engine of engines) {
      const measured = await measure(browser, engine);
      samples[engine].push(measured);
      console.error(`${engine}: ${JSON.stringify(measured)}, load ${loadavg()[0]!.toFixed(1)}`);
    }
  }
} finally {
  await browser.close();
  close();
}
report();

async function makeFiles(): Promise<void> {
  await makeModel(checkpoint, { shape: { ...MODEL_SHAPES[shape as '1b'], layers }, seed: 1 });
  if ((await stat(gguf).catch(() => null)) === null) {
    const version = isOfV3 ? 3 : 2;
    for await (const _ of exportModel({
      source: checkpoint,
      output: model,
      version,
      groupSize: isOfV3 ? undefined : 32,
      force: true,
    }));
    const to = { output: gguf, to: 'gguf', force: true } as const;
    for await (const _ of convertModel(
      isOfV3 ? { source: model, ...to } : { source: checkpoint, type: 'Q8_0', ...to },
    ));
  }
  const kernels = fileURLToPath(new URL('../packages/kernels/', import.meta.url));
  await build({
    entryPoints: {
      'app/page': fileURLToPath(new URL('browser/page.ts', import.meta.url)),
      'app/platform/browser-worker': join(kernels, 'dist/platform/browser-worker.js'),
    },
    outdir: site,
    chunkNames: 'app/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
  });
  await cp(join(kernels, 'wasm'), join(site, 'wasm'), { recursive: true });
  await cp(join(wllama!, 'node_modules/@wllama/wllama/esm'), join(site, 'wllama'), { recursive: true });
}

/** Serves the site and the models to a page that may share memory. */
async function serve() {
  const types: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
  const models: Readonly<Record<string, string>> = { '/model.bin': model, '/model.gguf': gguf };
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    if (pathname === '/') {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/html' });
      response.end('<!doctype html><script type="module" src="/app/page.js"></script>');
      return;
    }
    const path = models[pathname] ?? join(site, pathname);
    const size = (await stat(path).catch(() => null))?.size;
    const type = types[extname(path)] ?? 'application/octet-stream';
    if (size === undefined) response.writeHead(404, headers).end();
    else
      createReadStream(path).pipe(
        response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': size }),
      );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

async function measure(browser: Browser, engine: (typeof engines)[number]): Promise<Measured> {
  const page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction('globalThis.isReady === true');
  const measured = await page.evaluate<Measured>(`${engine}(${JSON.stringify(workload)})`);
  await page.close();
  return measured;
}

function report(): void {
  const line = (label: string, of: readonly Measured[], key: 'prefill' | 'decode'): number => {
    const { median, min, max } = summarize(of.map((sample) => sample[key]));
    const { nPrompt, nDecoded, threads } = of[0]!;
    const counted = key === 'prefill' ? nPrompt : nDecoded;
    console.log(
      `| ${label} | ${key} | ${counted} | ${threads} | ${median.toFixed(2)} | ${min.toFixed(2)} to ${max.toFixed(2)} |`,
    );
    return median;
  };
  console.log(
    `${name}, ${format}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}, Chromium ${browser.version()}\n`,
  );
  console.log('| engine | | tokens | threads | median tokens/s | range |\n| --- | --- | ---: | ---: | ---: | --- |');
  const ratios = (['prefill', 'decode'] as const).map((key) => {
    const ours = line('this toolkit', samples.measureOurs, key);
    return `${key} ${(ours / line('wllama', samples.measureWllama, key)).toFixed(2)} ×`;
  });
  console.log(`\nthis toolkit against wllama: ${ratios.join(', ')}`);
}
