import type { CommandDefinition } from './command.ts'

type Loader = () => Promise<CommandDefinition>

/** Every command, in the order of the help. A command is imported when it is run, so that none slows the start of another. */
export const commands: Readonly<Record<string, Loader>> = {
  init: async () => (await import('./commands/init.ts')).initCommand,
  new: async () => (await import('./commands/new.ts')).newCommand,
  generate: async () => (await import('./commands/generate.ts')).generateCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  audit: async () => (await import('./commands/audit.ts')).auditCommand,
  plan: async () => (await import('./commands/plan.ts')).planCommand,
  seed: async () => (await import('./commands/seed.ts')).seedCommand,
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand,
  start: async () => (await import('./commands/start.ts')).startCommand,
  complete: async () => (await import('./commands/complete.ts')).completeCommand,
  abort: async () => (await import('./commands/abort.ts')).abortCommand,
  rollback: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  history: async () => (await import('./commands/history.ts')).historyCommand,
  show: async () => (await import('./commands/show.ts')).showCommand,
  edit: async () => (await import('./commands/edit.ts')).editCommand,
  'schema-query': async () => (await import('./commands/schema-query.ts')).schemaQueryCommand,
  squash: async () => (await import('./commands/squash.ts')).squashCommand,
  stamp: async () => (await import('./commands/stamp.ts')).stampCommand,
  baseline: async () => (await import('./commands/baseline.ts')).baselineCommand,
  adopt: async () => (await import('./commands/adopt.ts')).adoptCommand,
  keys: async () => (await import('./commands/keys.ts')).keysCommand,
  config: async () => (await import('./commands/config.ts')).configCommand,
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
  docs: async () => (await import('./commands/docs.ts')).docsCommand,
  upgrade: async () => (await import('./commands/upgrade.ts')).upgradeCommand,
  downgrade: async () => (await import('./commands/downgrade.ts')).downgradeCommand,
  current: async () => (await import('./commands/current.ts')).currentCommand,
  heads: async () => (await import('./commands/heads.ts')).headsCommand,
  revision: async () => (await import('./commands/revision.ts')).revisionCommand,
  migration: async () => (await import('./commands/migration.ts')).migrationCommand,
  'generate-schema-query': async () => (await import('./commands/generate-schema-query.ts')).generateSchemaQueryCommand,
}
