import { describe, expect, test } from 'vitest'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment } from './harness/example-copy.ts'
import { buildBeforeAll, describeReadme, metastore } from './harness/example-readme.ts'
import { runCommand } from './harness/shell-command.ts'

buildBeforeAll()

describeReadme('sme-assistant', {
  place: () => ({ database: 'pglite:.metastore/sme-assistant' }),
  silent: ['node src/by-hand.js -c "drop table ai_conversation_reflections"', 'npm test'],
})

describe('sme-assistant on a server', () => {
  test('every file can be run by hand again and again, and the audit stays clean', async () => {
    const env = plainEnvironment({ DATABASE_URL: await freshPostgresUrl(18) })
    const directory = copyExample('sme-assistant')
    for (const command of [
      `${metastore} migrate`,
      `'${process.execPath}' src/by-hand.js migrations/*.sql seeds/*.sql migrations/*.sql seeds/*.sql`,
      `${metastore} audit`,
    ]) {
      expect(await runCommand(command, directory, env)).toMatchObject({ status: 0 })
    }
  })
})
