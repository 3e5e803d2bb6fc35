// Where the hub and its cache are, as the environment says.

import { devNull } from 'node:os';
import { hubSettingsFromEnv } from '@llama-ts/exporter';
import { homeFolder } from './home-folder.js';

/** The home of a user without one: no file is found there, and a cache in it is refused with a suggestion. */
const NO_HOME = devNull;

/** The values of HF_HOME, HF_ENDPOINT and the other variables of the Python client. */
export function hubSettings() {
  return hubSettingsFromEnv(process.env, homeFolder() ?? NO_HOME);
}
