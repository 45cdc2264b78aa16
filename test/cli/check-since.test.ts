import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const files = {
  'metastore.toml': '[database.main]\nurl = "pglite:memory"\n',
  'migrations/001_threads.sql': 'create table threads (id bigint primary key, title text);\n',
  'migrations/002_index.sql': 'create index threads_title on threads (title);\n',
  'migrations/003_body.sql': 'alter table threads add column body text;\n',
}

/** A project whose first three migrations are committed as `main`. */
function committed() {
  const line = commandLine(files)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@x.test', '-c', 'commit.gpgsign=false', ...args], {
      cwd: line.directory,
    })
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '.')
  git('commit', '--quiet', '--message', 'first')
  return { ...line, git, at: (name: string) => path.join(line.directory, 'migrations', name) }
}

test('check --since looks for hazards in what is new or changed since a revision, committed or not', async () => {
  const { run, git, at } = committed()
  expect(await run('check --since main')).toMatchObject({
    status: 0,
    stdout: lines('3 migrations checked, 0 findings.'),
  })
  git('checkout', '--quiet', '-b', 'branch')
  writeFileSync(at('004_ä index.sql'), 'create index threads_body on threads (body);\n')
  git('add', '.')
  git('commit', '--quiet', '--message', 'second')
  writeFileSync(at('005_drop.sql'), 'drop table threads;\n')
  appendFileSync(at('003_body.sql'), 'alter table threads alter column body set not null;\n')
  const hazards = async (revision: string) => {
    const { stdout } = await run(`check --since ${revision} --json`)
    const { databases } = JSON.parse(stdout) as { databases: { findings: { hazard: string; file: string }[] }[] }
    return databases[0]!.findings.filter(({ hazard }) => hazard !== 'H43').map((each) => `${each.hazard} ${each.file}`)
  }
  const [third, fourth, fifth] = [
    'H15 migrations/003_body.sql',
    'H01 migrations/004_ä index.sql',
    'H32 migrations/005_drop.sql',
  ]
  expect(await hazards('main')).toEqual(expect.arrayContaining([third, fourth, fifth]))
  expect(await hazards('main')).not.toContain('H01 migrations/002_index.sql')
  expect(await hazards('HEAD')).toEqual(expect.arrayContaining([third, fifth]))
  expect(await hazards('HEAD')).not.toContain(fourth)
})

test('check --since --fix leaves alone what was there', async () => {
  const { run, at } = committed()
  writeFileSync(at('004_index.sql'), 'create index threads_body on threads (body);\n')
  expect((await run('check --since main --fix')).status).toBe(0)
  expect(readFileSync(at('002_index.sql'), 'utf8')).toBe(files['migrations/002_index.sql'])
  expect(readFileSync(at('004_index.sql'), 'utf8')).toContain('concurrently')
})

test('a revision that is not there, and a project without git, are told', async () => {
  const { run } = committed()
  for (const revision of ['origin/main', '--output=x']) {
    expect(await run(`check --since=${revision}`)).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] There is no such revision here.',
        '  at --since',
        '  next: Fetch it first: what a pipeline checks out is often a single commit.',
      ),
    })
  }
  const without = commandLine(files)
  expect(await without.run('check --since main')).toEqual({
    status: 2,
    stdout: '',
    // Git names what it has searched, which is another thing where directories are mounted.
    stderr: expect.stringMatching(
      /^error \[usage\] What has changed could not be asked of git: fatal: not a git repository \(.*\n {2}at --since\n {2}next: Run it in a checkout of git, or leave --since out\.\n$/,
    ) as string,
  })
})
