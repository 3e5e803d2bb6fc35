// All scenarios, by area.

import type { Scenario } from '../scenario.js';
import { formatScenarios } from './format.js';

export const scenarios: readonly Scenario[] = [...formatScenarios];
