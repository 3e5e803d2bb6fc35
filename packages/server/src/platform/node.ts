// The platform of Node: figures for Prometheus.

import { createMetrics } from '../metrics.js';
import type { Platform } from './platform.js';

export const platform: Platform = { createMetrics };
