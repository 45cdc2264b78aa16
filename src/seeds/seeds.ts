export { applySeeds, isNothingToDo, planSeeds, verifySeeds } from './run-seeds.ts'
export { readSeedFile, readSeedFiles } from './seed-file.ts'
<<<<<<< HEAD
export type { SeedDirectory, SeedFile } from './seed-file.ts'
export type { ExpectationResult, FileResult, Removal, SeedOptions, SeedResult, StepResult } from './seed-options.ts'
export type { SeedSecrets } from './world.ts'
export { expectationFailure } from './expectations.ts'
=======
export type { SeedFile } from './seed-file.ts'
export type { ExpectationResult, FileResult, Removal, SeedOptions, SeedResult } from './seed-options.ts'
>>>>>>> seeds
export { seedReference, seedSchema } from './seed-schema.ts'
