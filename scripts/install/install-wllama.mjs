// Installs wllama outside of the workspace, for the benchmark in a browser, and prints its folder.
//
// usage: npx tsx bench/browser.ts --wllama $(node scripts/install/install-wllama.mjs)

import { installOutside } from './install-outside.mjs';

const version = '3.13.0';
console.log(installOutside(`wllama-${version}`, [`@wllama/wllama@${version}`]));
