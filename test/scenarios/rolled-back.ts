import { openEngine, rollback, type RollbackOptions, type RollbackResult } from '../../src/migrations/migrations.ts'
import { engines } from '../harness/engines.ts'
import type { World } from './world.ts'

/** The engines that migrate in phases. */
export const phasedEngines = engines.filter(({ name }) => name !== 'sqlite')

/** Rolls back, the newest migration unless the options say otherwise. */
export async function rolledBack(it: World, options: RollbackOptions = {}): Promise<RollbackResult> {
  await using engine = await openEngine(it.database, { lockDeadline: 20_000 })
  return await rollback(engine, await it.files.read(), options)
}
