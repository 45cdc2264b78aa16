export type { SaverOptions } from './put.ts'
export { type CheckpointLibrary, type Saver, saverClass } from './saver.ts'
