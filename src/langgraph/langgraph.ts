export { type CheckpointLibrary, type Saver, saverClass, type SaverOptions } from './saver.ts'
