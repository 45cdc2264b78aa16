export type { ExpectationFact, Facts, MigrationFact, SeedFact } from './facts.ts'
export { fileOf, modulesOf } from './module.ts'
export { statusFile, type WrittenDocument } from './status-file.ts'
export { trackingDocument } from './tracking-document.ts'
