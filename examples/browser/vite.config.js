// npx vite build examples/browser

const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default {
  // Addresses relative to the page: it can be put into any folder of a host.
  base: './',
  // Its worker and its WebAssembly are found by their addresses, which bundling in advance would move.
  optimizeDeps: { exclude: ['@llama-ts/kernels'] },
  worker: { format: 'es' },
  build: { target: 'es2022' },
  // With these a page may use threads: `vite` and `vite preview` send them, and so must the host.
  server: { headers },
  preview: { headers },
};
