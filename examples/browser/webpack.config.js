// npx webpack --config examples/browser/webpack.config.js

import { fileURLToPath } from 'node:url';

export default {
  mode: 'production',
  context: import.meta.dirname,
  // webpack finds the worker and the WebAssembly by `new URL('…', import.meta.url)`, and copies them.
  entry: { page: ['./page.js', './index.html'] },
  output: {
    path: fileURLToPath(new URL('dist', import.meta.url)),
    filename: '[name].js',
    module: true,
  },
  experiments: { outputModule: true },
  module: {
    rules: [{ test: /\.html$/, type: 'asset/resource', generator: { filename: '[name][ext]' } }],
  },
  performance: { hints: false },
};
