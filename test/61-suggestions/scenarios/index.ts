// All scenarios, by area.

import type { Scenario } from '../scenario.js';
import { calibrationScenarios } from './calibration.js';
import { checkpointScenarios } from './checkpoint.js';
import { commandLineScenarios } from './command-line.js';
import { constraintScenarios } from './constraint.js';
import { evaluateScenarios } from './evaluate.js';
import { exporterScenarios } from './exporter.js';
import { foreignScenarios } from './foreign.js';
import { formatScenarios } from './format.js';
import { ggufScenarios } from './gguf.js';
import { hubScenarios } from './hub.js';
import { hubRepositoryScenarios } from './hub-repositories.js';
import { kernelsScenarios } from './kernels.js';
import { libraryScenarios } from './library.js';
import { loraScenarios } from './lora.js';
import { machineScenarios } from './machine.js';
import { memoryScenarios } from './memory.js';
import { metaScenarios } from './meta.js';
import { outputScenarios } from './output.js';
import { pytorchScenarios } from './pytorch.js';
import { quantizedScenarios } from './quantized.js';
import { runtimeScenarios } from './runtime.js';
import { safetensorsScenarios } from './safetensors.js';
import { storeScenarios } from './store.js';

export const scenarios: readonly Scenario[] = [
  ...formatScenarios,
  ...safetensorsScenarios,
  ...pytorchScenarios,
  ...ggufScenarios,
  ...loraScenarios,
  ...exporterScenarios,
  ...calibrationScenarios,
  ...evaluateScenarios,
  ...runtimeScenarios,
  ...libraryScenarios,
  ...kernelsScenarios,
  ...hubScenarios,
  ...hubRepositoryScenarios,
  ...constraintScenarios,
  ...outputScenarios,
  ...machineScenarios,
  ...memoryScenarios,
  ...checkpointScenarios,
  ...foreignScenarios,
  ...quantizedScenarios,
  ...metaScenarios,
  ...commandLineScenarios,
  ...storeScenarios,
];
