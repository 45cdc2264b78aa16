import { sql } from '../../database/database.ts'
import type { MigrationFile } from '../../migrations/migrations.ts'
import { healthy, type Diagnosis, type DoctorCheck } from '../diagnosis.ts'

interface Extension {
  readonly name: string
  readonly installed: string | null
  readonly offered: string
}

/** The extensions that the migrations ask for can be had on this server. */
export const extensionsCheck: DoctorCheck = {
  name: 'extensions',
  async run({ database, session, files }) {
    if (!database.features.roles) return []
    const offered = await session.query<Extension>(sql`
      select name::text, installed_version as installed, default_version as offered
      from pg_available_extensions`)
    // What waits for its extension is told of as that.
    const needed = files.filter(({ extensions }) => extensions === undefined)
    return requiredExtensions(needed).map(([name, path]) => diagnose(name, path, offered))
  },
}

/** The names in the CREATE EXTENSION statements of SQL migrations, each with the first file that has it. */
export function requiredExtensions(files: readonly Pick<MigrationFile, 'source' | 'path'>[]): [string, string][] {
  const found = new Map<string, string>()
  for (const { source, path } of files) {
    for (const match of source.matchAll(
      /^\s*create\s+extension\s+(?:if\s+not\s+exists\s+)?(?:"([^"]+)"|([\w-]+))/gim,
    )) {
      const name = match[1] ?? match[2]?.toLowerCase()
      if (name !== undefined && !found.has(name)) found.set(name, path)
    }
  }
  return [...found]
}

function diagnose(name: string, path: string, offered: readonly Extension[]): Diagnosis {
  const extension = offered.find((candidate) => candidate.name === name)
  if (extension === undefined) {
    return {
      check: 'extensions',
      severity: 'problem',
      message: `${path} needs the extension ${name}, which this server does not offer.`,
      remedy: `Install ${name} on the server, or use a server that has it.`,
    }
  }
  const version =
    extension.installed === null ? `available (${extension.offered})` : `installed (${extension.installed})`
  return healthy('extensions', `The extension ${name} is ${version}.`)
}
