import type { OptionDefinition } from '../command.ts'

/** The options of commands that seed among other things. */
export const seedingOptions: readonly OptionDefinition[] = [
  { flags: '--set <name>', description: 'a set of seed_sets in metastore.toml, instead of the directories of seeds' },
  { flags: '--environment <name>', description: 'what the database is for (default: its setting environment)' },
]
