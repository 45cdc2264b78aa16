import { access, appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { parseDatabaseUrl } from '../../database/database.ts'
import { defineCommand } from '../command.ts'
import { argument, text } from '../input.ts'
import { exitStatus } from '../exit-status.ts'

/** Begins a project: writes metastore.toml and the directory of migrations. */
export const initCommand = defineCommand({
  name: 'init',
  summary: 'Begin a project here: metastore.toml and a directory of migrations',
  description: 'Nothing that is there already is overwritten.',
  examples: [
    ['metastore init', 'a project on the embedded PostgreSQL, with nothing to install'],
    ['metastore init assistant --default-url sqlite:assistant.db', 'one whose database is a SQLite file'],
  ],
  scope: 'nothing',
  arguments: [{ name: '[name]', description: 'the name of its database (default: main)' }],
  options: [{ flags: '--default-url <url>', description: 'the database when DATABASE_URL is not set' }],
  json: 'created[] (paths)',

  async run(input, { output, workingDirectory }) {
    const name = argument(input, 0) ?? 'main'
    const url = text(input, 'defaultUrl') ?? `pglite:.metastore/${name}`
    refusePassword(url)
    const file = join(workingDirectory, 'metastore.toml')
    await writeNew(file, configuration(name, url))
    await mkdir(join(workingDirectory, 'migrations'), { recursive: true })
    const ignored = await ignoreState(join(workingDirectory, '.gitignore'))
    const created = ['metastore.toml', 'migrations/', ...(ignored ? ['.gitignore'] : [])]
    created.forEach((path) => output.line(`  ${output.paint.good('created')} ${path}`))
    output.line('Next: metastore new "first tables", then metastore migrate.')
    output.document({ created })
    return exitStatus.done
  },
})

function configuration(name: string, url: string): string {
  return `# metastore docs configuration explains every setting.

[database.${/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name)}]
url = ${JSON.stringify(`\${DATABASE_URL:-${url}}`)}
migrations = ["migrations"]
`
}

// A password in metastore.toml would be committed; the environment is the place for it.
function refusePassword(url: string): void {
  const target = parseDatabaseUrl(url)
  if (target.driver !== 'postgres' || target.password === undefined) return
  throw new MetastoreError({
    code: 'url_invalid',
    message: 'The default URL holds a password, which would be written to metastore.toml.',
    where: target.address,
    remedy: 'Leave the password out, and set DATABASE_URL in the environment or in .env.',
  })
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new MetastoreError({
      code: 'file_exists',
      message: 'This directory is a project already: it has a metastore.toml.',
      where: path,
      remedy: 'Edit that file, or begin another project in an empty directory.',
      cause,
    })
  }
}

async function ignoreState(path: string): Promise<boolean> {
  const present = await readFile(path, 'utf8').catch(() => '')
  if (present.split('\n').some((line) => line.trim() === '.metastore/')) return false
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  await appendFile(path, `${exists && present !== '' && !present.endsWith('\n') ? '\n' : ''}.metastore/\n`)
  return true
}
