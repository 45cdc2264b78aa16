import type { DatabaseSettings, Project } from '../project/project.ts'
import { splitKeys } from '../secrets/keyring.ts'
import type { Secrets } from '../secrets/redaction.ts'

/** Variables of the environment that are passwords, whoever reads them. */
const passwordVariables = ['PGPASSWORD', 'DB_PASSWORD'] as const

/** Adds the secrets of a command line and its environment, before anything is read. */
export function addSurroundings(
  secrets: Secrets,
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  for (const text of [...words, ...Object.values(environment)]) addPasswords(secrets, text)
  for (const [index, word] of words.entries()) {
    if (word === '-p' || word === '--password') secrets.add(words[index + 1])
    else if (word.startsWith('--password=')) secrets.add(word.slice('--password='.length))
  }
  passwordVariables.forEach((name) => secrets.add(environment[name]))
}

/** Adds the secrets of a project: the passwords of its URLs, and its keys where a variable holds them. */
export function addProject(secrets: Secrets, project: Project): void {
  passwordVariables.forEach((name) => secrets.add(project.variable(name)))
  for (const settings of project.databases) {
    for (const url of urlsOf(settings)) addPasswords(secrets, url)
    if (settings.problems.keysVariable === undefined) {
      splitKeys(project.variable(settings.keysVariable) ?? '').forEach((key) => secrets.add(key))
    }
  }
}

function urlsOf(settings: DatabaseSettings): (string | undefined)[] {
  return [
    settings.problems.url === undefined ? settings.url : undefined,
    settings.problems.adminUrl === undefined ? (settings.adminUrl ?? undefined) : undefined,
  ]
}

// By the text alone: a URL that cannot be understood holds its password nevertheless. Up to the last @ of the authority.
function addPasswords(secrets: Secrets, text: string | undefined): void {
  if (text === undefined || !/:\/\/|[?&]password=/.test(text)) return
  const found = [
    ...text.matchAll(/:\/\/[^\s:/@?#]*:([^\s?#]*)@/g),
    ...text.matchAll(/[?&](?:password|sslpassword)=([^\s&#]+)/g),
  ]
  for (const [, password = ''] of found) {
    secrets.add(password)
    secrets.add(decoded(password))
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
