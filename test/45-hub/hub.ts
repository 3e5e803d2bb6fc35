// The hub client's public names, for the tests of this folder.

export type { HubClock } from '../../packages/exporter/src/hub/connection.js';
export { type DownloadSnapshotOptions, downloadSnapshot } from '../../packages/exporter/src/hub/download-snapshot.js';
export type { FileLayer } from '../../packages/exporter/src/hub/file-layer.js';
export type { HubEvent } from '../../packages/exporter/src/hub/hub-events.js';
export { hubSettingsFromEnv, readHubToken } from '../../packages/exporter/src/hub/hub-settings.js';
export { type DownloadPlan, planDownload } from '../../packages/exporter/src/hub/plan-download.js';
export { openRemoteFile } from '../../packages/exporter/src/hub/remote-file.js';
export type { HubSnapshot } from '../../packages/exporter/src/hub/snapshot.js';
