import { expect, test } from 'vitest'
import { commandLine } from './command-line.ts'

const project = {
  'metastore.toml': '[database.app]\nurl = "pglite:app"\n',
  'migrations/001_chunks.sql':
    'create table chunks (id integer primary key, text text not null);\n-- metastore:down\ndrop table chunks;\n',
  'migrations/002_places.sql':
    '-- metastore: extension=no_such_extension\ncreate extension no_such_extension;\nalter table chunks add column place text;\n',
  'migrations/003_words.sql': 'alter table chunks add column words integer;\n',
}
const waiting = [{ name: '002_places', path: 'migrations/002_places.sql', extensions: ['no_such_extension'] }]
const said = 'waiting  002_places: the extension no_such_extension is not on this server'

test('a migration whose extension the server lacks waits, and everything else goes on without it', async () => {
  const line = commandLine(project)
  const migrated = await line.run('migrate')
  expect(migrated).toMatchObject({ status: 0 })
  expect(migrated.stderr + migrated.stdout).toContain(said)
  expect(migrated.stderr + migrated.stdout).toContain('003_words')

  expect(await line.json('status --check')).toMatchObject({
    status: 0,
    document: {
      databases: [{ atHead: true, pending: [], waiting, applied: ['001_chunks', '003_words'] }],
    },
  })
  expect((await line.run('current')).stdout).toContain('003_words (head)')
  expect((await line.run('audit')).status).toBe(0)
  expect((await line.run('doctor')).stdout).toContain(
    'migrations/002_places.sql waits for no_such_extension, which this server does not offer; the rest works without it.',
  )

  // As on a server that has it: one that waited comes late without being asked for.
  line.write(
    'migrations/002_places.sql',
    '-- metastore: extension=plpgsql\nalter table chunks add column place text;\n',
  )
  expect(await line.json('migrate')).toMatchObject({
    document: { databases: [{ applied: [{ name: '002_places' }], waiting: [] }] },
  })
})
