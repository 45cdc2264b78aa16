import type { AdoptionSource } from './history.ts'

/** Every tool that can be adopted from, loaded when it is asked for. */
export const sources: Readonly<Record<string, () => Promise<AdoptionSource>>> = {
  alembic: async () => (await import('./alembic.ts')).alembicSource,
  dbmate: async () => (await import('./dbmate.ts')).dbmateSource,
  django: async () => (await import('./django.ts')).djangoSource,
  drizzle: async () => (await import('./drizzle.ts')).drizzleSource,
  flyway: async () => (await import('./flyway.ts')).flywaySource,
  'golang-migrate': async () => (await import('./golang-migrate.ts')).golangMigrateSource,
  knex: async () => (await import('./knex.ts')).knexSource,
  liquibase: async () => (await import('./liquibase.ts')).liquibaseSource,
  'node-pg-migrate': async () => (await import('./node-pg-migrate.ts')).nodePgMigrateSource,
  prisma: async () => (await import('./prisma.ts')).prismaSource,
  rails: async () => (await import('./rails.ts')).railsSource,
  reshape: async () => (await import('./reshape.ts')).reshapeSource,
}
