// The platform of browsers: no Prometheus reads figures from a page, so none are counted.

import type { Platform } from './platform.js';

const nothing = (): void => {};

export const platform: Platform = {
  createMetrics: () => ({
    contentType: 'text/plain; charset=utf-8',
    text: async () => '',
    beginAnswer: () => nothing,
    countPrompt: nothing,
    countRequest: nothing,
  }),
};
