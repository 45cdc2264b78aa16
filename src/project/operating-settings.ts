import type { Setting } from './setting.ts'

/** The settings about a database in production: when it may be changed, and what has to be done before. */
export const operatingSettings = {
  backupCommand: {
    key: 'backup_command',
    kind: 'command',
    default: null,
    variables: ['METASTORE_BACKUP_COMMAND'],
    flag: null,
    reach: 'all',
    description:
      'A program, with its arguments, that has to succeed before migrate, start, complete, rollback or reset changes anything.',
  },
  maintenanceWindow: {
    key: 'maintenance_window',
    kind: 'windows',
    default: null,
    variables: ['METASTORE_MAINTENANCE_WINDOW'],
    flag: null,
    reach: 'all',
    description: 'When migrations may begin, such as "Sat-Sun 01:00-05:00 Europe/Paris"; at any time unless said.',
  },
  afterWindow: {
    key: 'after_window',
    kind: 'choice',
    choices: ['finish', 'pause'],
    default: 'finish',
    variables: ['METASTORE_AFTER_WINDOW'],
    flag: null,
    reach: 'all',
    description:
      'Whether a backfill that is still going on when the window closes is finished, or pauses until it opens.',
  },
  maxLag: {
    key: 'max_lag',
    kind: 'duration',
    default: null,
    variables: ['METASTORE_MAX_LAG'],
    flag: null,
    reach: 'all',
    least: 1,
    description: 'How far replicas may be behind before a backfill pauses until they have caught up.',
  },
} as const satisfies Record<string, Setting>
