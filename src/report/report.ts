export type { ExpectationFact, Facts, FindingFact, MigrationFact, SeedFact } from './facts.ts'
export { fileOf, modulesOf, type Module } from './module.ts'
export { statusFile, type WrittenDocument } from './status-file.ts'
export { trackingDocument } from './tracking-document.ts'
