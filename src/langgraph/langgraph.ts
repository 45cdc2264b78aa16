export { nextVersion } from './channel-version.ts'
export { type ItemLibrary, itemStoreClass } from './item-store.ts'
export type { SaverOptions, WriteWatch } from './put.ts'
export { type CheckpointLibrary, type Saver, saverClass, written } from './saver.ts'
