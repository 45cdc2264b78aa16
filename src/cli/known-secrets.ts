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
  // Under its usual name it is known before a project is read, and even if none can be.
  addKeys(secrets, environment['FERNET_KEY'])
}

/** Adds the secrets of a project: the passwords of its URLs, and its keys where a variable holds them. */
export function addProject(secrets: Secrets, project: Project): void {
  passwordVariables.forEach((name) => secrets.add(project.variable(name)))
  for (const settings of project.databases) {
    for (const url of urlsOf(settings)) addPasswords(secrets, url)
    if (settings.problems.keysVariable === undefined) {
      addKeys(secrets, project.variable(settings.keysVariable))
    }
  }
}

/** Adds keys for encryption, as a variable, a file or a program gives them; also without the padding at their end. */
export function addKeys(secrets: Secrets, text: string | undefined): void {
  for (const key of splitKeys(text ?? '')) {
    secrets.add(key)
    secrets.add(key.replace(/=+$/, ''))
  }
}

function urlsOf(settings: DatabaseSettings): (string | undefined)[] {
  return [
    settings.problems.url === undefined ? settings.url : undefined,
    settings.problems.adminUrl === undefined ? (settings.adminUrl ?? undefined) : undefined,
  ]
}

/** Adds the password of a URL that no setting holds as it is, such as that of a member of a fleet. */
export function addUrl(secrets: Secrets, url: string): void {
  addPasswords(secrets, url)
}

// By the text alone: a URL that cannot be understood holds its password nevertheless. Up to the last @ of the authority.
function addPasswords(secrets: Secrets, text: string | undefined): void {
  if (text === undefined || !/:\/\/|[?&]password=/.test(text)) return
  const found = [
    ...text.matchAll(/:\/\/[^\s:/@?#]*:([^\s?#]*)@/g),
    ...text.matchAll(/[?&](?:password|sslpassword)=([^\s&#]+)/g),
  ]
  // A password that is also the name of the role or of the database hides nothing, and its word is needed.
  const rest = text
    .replaceAll(/(:\/\/[^\s:/@?#]*):[^\s?#]*@/g, '$1@')
    .replaceAll(/([?&](?:password|sslpassword)=)[^\s&#]+/g, '$1')
  for (const [, password = ''] of found) {
    if (rest.includes(password)) continue
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
