import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { temporaryDirectory } from './temporary-directory.ts'

/** The checkout. */
export const root = path.resolve(import.meta.dirname, '..', '..')

/**
 * A copy of an example as its user has it: a project of its own with metastore in node_modules, here a link to the checkout,
 * so that what the package exports is what the example gets.
 */
export function copyExample(name: string): string {
  const directory = path.join(temporaryDirectory(), name)
  cpSync(path.join(root, 'examples', name), directory, {
    recursive: true,
    filter: (file) => !/^node_modules$|\.db(-\w+)?$/.test(path.basename(file)),
  })
  mkdirSync(path.join(directory, 'node_modules', '.bin'), { recursive: true })
  symlinkSync(root, path.join(directory, 'node_modules', 'metastore'), 'junction')
  symlinkSync(path.join(root, 'bin', 'metastore'), path.join(directory, 'node_modules', '.bin', 'metastore'))
  return directory
}

/** The environment of a user who has set nothing: neither a database nor what the test run was started with. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const ours = /^(npm_|vitest|METASTORE_|DATABASE_URL$|DB_URL$|NODE_|FORCE_COLOR$|PORT$)/i
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name))
  // npm must not look for anything that is not there, nor complain about how it is configured here.
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'error',
    ...more,
  }
}
