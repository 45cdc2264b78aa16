import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { parseDatabaseUrl } from '../../database/database.ts'
import { defineCommand } from '../command.ts'
import { argument, flag, text } from '../input.ts'
import { exitStatus } from '../exit-status.ts'
import { readPage } from '../manual/manual.ts'

/** Begins a project: writes metastore.toml and the directory of migrations. */
export const initCommand = defineCommand({
  name: 'init',
  summary: 'Begin a project here: metastore.toml and a directory of migrations',
  description: 'Nothing that is there already is overwritten.',
  examples: [
    ['metastore init', 'a project on the embedded PostgreSQL, with nothing to install'],
    ['metastore init assistant --default-url sqlite:assistant.db', 'one whose database is a SQLite file'],
    ['metastore init --agents', 'one in which coding agents know how to work'],
  ],
  scope: 'nothing',
  arguments: [{ name: '[name]', description: 'the name of its database (default: main)' }],
  options: [
    { flags: '--default-url <url>', description: 'the database when DATABASE_URL is not set' },
    { flags: '--agents', description: 'write AGENTS.md as well, or add to it how coding agents should work here' },
  ],
  json: 'created[] (paths)',

  async run(input, { output, workingDirectory }) {
    const name = argument(input, 0) ?? 'main'
    if (!/^[A-Za-z0-9_-]{1,60}$/.test(name)) throw nameUnfit()
    const url = text(input, 'defaultUrl') ?? `pglite:.metastore/${name}`
    refuseUnfit(url, workingDirectory)
    const agents = flag(input, 'agents') ? await readPage('agents') : undefined
    const created = await writeProject(workingDirectory, configuration(name, url), agents)
    created.forEach((path) => output.line(`  ${output.paint.good('created')} ${path}`))
    output.line('Next: metastore new "first tables", then metastore migrate.')
    output.document({ created })
    return exitStatus.done
  },
})

function configuration(name: string, url: string): string {
  return `# metastore docs configuration explains every setting.

[database.${name}]
url = ${JSON.stringify(`\${DATABASE_URL:-${url}}`)}
migrations = ["migrations"]
`
}

// metastore.toml comes last: a project that could not be begun in full can be begun again.
async function writeProject(directory: string, text: string, agents: string | undefined): Promise<string[]> {
  const file = join(directory, 'metastore.toml')
  if (existsSync(file)) throw projectExists(file)
  const migrations = await writing(join(directory, 'migrations'), (path) => mkdir(path, { recursive: true }))
  const ignored = await writing(join(directory, '.gitignore'), ignoreState)
  const told = agents !== undefined && (await writing(join(directory, 'AGENTS.md'), (path) => tellAgents(path, agents)))
  await writing(file, (path) => writeFile(path, text, { flag: 'wx' }))
  return [
    'metastore.toml',
    ...(migrations === undefined ? [] : ['migrations/']),
    ...(ignored ? ['.gitignore'] : []),
    ...(told ? ['AGENTS.md'] : []),
  ]
}

// What is written there already stays; a section of ours is there once.
async function tellAgents(path: string, section: string): Promise<boolean> {
  const present = existsSync(path) ? await readFile(path, 'utf8') : ''
  const [heading = ''] = section.split('\n')
  if (present.includes(heading)) return false
  const gap = present === '' ? '' : present.endsWith('\n') ? '\n' : '\n\n'
  await appendFile(path, `${gap}${section}`)
  return true
}

async function writing<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  try {
    return await work(path)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `${basename(path)} cannot be written: ${(cause as Error).message}.`,
      where: path,
      remedy: 'Move away what is in its place, or make sure that this user may write here.',
      cause,
    })
  }
}

async function ignoreState(path: string): Promise<boolean> {
  const present = existsSync(path) ? await readFile(path, 'utf8') : ''
  if (present.split('\n').some((line) => /^\/?\.metastore\/?$/.test(line.trim()))) return false
  await appendFile(path, `${present === '' || present.endsWith('\n') ? '' : '\n'}.metastore/\n`)
  return true
}

function projectExists(file: string): MetastoreError {
  return new MetastoreError({
    code: 'file_exists',
    message: 'This directory is a project already: it has a metastore.toml.',
    where: file,
    remedy: 'Edit that file, or begin another project in an empty directory.',
  })
}

function nameUnfit(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'That cannot be the name of the first database.',
    where: 'metastore init',
    remedy: 'Use up to 60 letters, digits, _ and -: metastore init assistant.',
  })
}

// A password in metastore.toml would be committed; the environment is the place for it.
function refuseUnfit(url: string, directory: string): void {
  const target = parseDatabaseUrl(url, directory, {})
  if (target.driver === 'postgres' && target.password !== undefined) {
    throw new MetastoreError({
      code: 'url_invalid',
      message: 'The default URL holds a password, which would be written to metastore.toml.',
      where: target.address,
      remedy: 'Leave the password out, and set DATABASE_URL in the environment or in .env.',
    })
  }
  if (/[${}]/.test(url)) {
    throw new MetastoreError({
      code: 'url_invalid',
      message: 'The default URL holds $, { or }, which mean something else in metastore.toml.',
      where: target.address,
      remedy: 'Percent-encode them in a URL of PostgreSQL, or choose another path.',
    })
  }
}
