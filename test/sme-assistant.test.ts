import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from './harness/engines.ts'
import { copyExample, plainEnvironment, root } from './harness/example-copy.ts'
import { followReadme, readSteps, type Reader } from './harness/readme-commands.ts'
import { runCommand } from './harness/shell-command.ts'

const readme = readFileSync(path.join(root, 'examples', 'sme-assistant', 'README.md'), 'utf8')
const metastore = `'${process.execPath}' '${path.join(root, 'bin', 'metastore')}'`

// Whoever imports the package gets what is built, so it has to be of these sources.
beforeAll(async () => {
  const { status, output } = await runCommand(`${metastore} --help`, root, plainEnvironment())
  if (status !== 0) throw new Error(output)
})

describe('the README of sme-assistant', () => {
  let reader: Reader

  beforeAll(() => {
    reader = followReadme({
      directory: copyExample('sme-assistant'),
      env: plainEnvironment(),
      database: 'pglite:.metastore/sme-assistant',
      port: 0,
      stands: new Map(),
    })
  })
  afterAll(() => reader.close())

  const steps = readSteps(readme).map((step) => [step.line, step.kind, step] as const)

  test.each(steps)('line %i: the %s does what is written', async (_line, _kind, step) => {
    const { actual, written } = await reader.follow(step)
    expect(actual).toEqual(written)
  })

  test('says of each command what comes of it, but for the breaking and the tests', () => {
    const silent = steps.filter(([, , { expected }]) => expected === undefined)
    expect(silent.map(([, , { text }]) => text.split('\n').at(0)?.slice(0, 23))).toEqual([
      'node src/by-hand.js -c ',
      'npm test',
    ])
  })
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
