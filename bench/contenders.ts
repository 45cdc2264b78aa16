import type { Contender } from './contender.ts'
import { dbmate, dbmateBinary } from './contenders/dbmate.ts'
import { drizzle } from './contenders/drizzle.ts'
import { bundledFloor, floor } from './contenders/floor.ts'
import { knex } from './contenders/knex.ts'
import { metastore } from './contenders/metastore.ts'
import { nodePgMigrate } from './contenders/node-pg-migrate.ts'
import { umzug } from './contenders/umzug.ts'

/** Everybody who takes part, in the order of the tables. */
export const contenders: readonly Contender[] = [
  floor,
  bundledFloor,
  metastore,
  dbmate,
  dbmateBinary,
  nodePgMigrate,
  drizzle,
  knex,
  umzug,
]

/** The names of the contenders that the ratios are taken against; the faster one counts. */
export const floors: readonly string[] = [floor.name, bundledFloor.name]
