// Public names of @llama-ts/exporter in a browser: what opens, describes and writes a .bin there, and what chooses its source.

export { type MountedFile, type MountedFolder, mountFolder } from '@llama-ts/base';
export {
  type ChosenFolder,
  type DroppedItem,
  droppedFolder,
  folderOfFiles,
  folderOfHandle,
  type ListedFile,
  type PickedFolder,
  pickFolder,
} from './browser/chosen-folder.js';
export { type ExportedFile, type ExportInWorkerOptions, exportInWorker } from './browser/export-in-worker.js';
export { privateFile } from './browser/private-file.js';
export type { RepositoryToExport, TabSource, WorkerExportOptions } from './browser/worker-messages.js';
export { type ExportEvent, type ExportOptions, type ExportResult, exportModel } from './export-model.js';
export { type FetchedSnapshot, type FetchSnapshotOptions, fetchSnapshot } from './hub/fetch-snapshot.js';
export { type InspectOptions, inspectPath, type PathDescription } from './inspect.js';
export type { WriteEvent } from './output/write-event.js';
export type { ModelSource } from './source/model-source.js';
export { type OpenModelSourceOptions, openModelSource } from './source/open-model-source.js';
export type { TypeRule } from './weights/tensor-types.js';
