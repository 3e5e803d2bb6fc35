// All scenarios, by area.

import type { Scenario } from '../scenario.js';
import { checkpointScenarios } from './checkpoint.js';
import { commandLineScenarios } from './command-line.js';
import { constraintScenarios } from './constraint.js';
import { evaluateScenarios } from './evaluate.js';
import { exporterScenarios } from './exporter.js';
import { formatScenarios } from './format.js';
import { ggufScenarios } from './gguf.js';
import { hubScenarios } from './hub.js';
import { kernelsScenarios } from './kernels.js';
import { outputScenarios } from './output.js';
import { runtimeScenarios } from './runtime.js';
import { safetensorsScenarios } from './safetensors.js';

export const scenarios: readonly Scenario[] = [
  ...formatScenarios,
  ...safetensorsScenarios,
  ...ggufScenarios,
  ...exporterScenarios,
  ...evaluateScenarios,
  ...runtimeScenarios,
  ...kernelsScenarios,
  ...hubScenarios,
  ...constraintScenarios,
  ...outputScenarios,
  ...checkpointScenarios,
  ...commandLineScenarios,
];
