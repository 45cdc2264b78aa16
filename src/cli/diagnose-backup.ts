import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Diagnosis } from '../doctor/doctor.ts'
import { backupProgram } from './backup.ts'
import type { Context, DatabaseEntry } from './context.ts'

/** Whether the program that has to succeed before a change is there, without running it. Nothing where there is none. */
export async function diagnoseBackup({ settings }: DatabaseEntry, context: Context): Promise<Diagnosis[]> {
  const { backupCommand, origins } = settings
  if (backupCommand === null) return []
  const check = 'backup'
  const program = backupProgram(backupCommand, settings, 'doctor')
  const { directory } = await context.project()
  const found = await findProgram(program, directory, context.environment['PATH'] ?? '')
  if (found !== undefined) {
    return [{ check, severity: 'ok', message: `${program} is there to make a backup before a change.`, remedy: null }]
  }
  return [
    {
      check,
      severity: 'problem',
      message: `${origins.backupCommand.where ?? 'backup_command'}: The backup command ${JSON.stringify(program)} is not installed, or not on the PATH, so nothing could be changed.`,
      remedy: 'Install it wherever migrations run, or correct backup_command.',
    },
  ]
}

// A name with a slash is a file, seen from the project, where it is run; any other is looked for in the directories of PATH.
async function findProgram(program: string, directory: string, directories: string): Promise<string | undefined> {
  const places = program.includes('/') ? [''] : directories.split(path.delimiter)
  for (const place of places) {
    const file = path.resolve(directory, place, program)
    if (await isExecutable(file)) return file
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
