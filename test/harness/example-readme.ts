import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyExample, plainEnvironment, root } from './example-copy.ts'
import { followReadme, type Place, type Reader, readSteps } from './readme-commands.ts'
import { runCommand } from './shell-command.ts'

/** The command of the checkout, as a shell is given it. */
export const metastore = `'${process.execPath}' '${path.join(root, 'bin', 'metastore')}'`

/** Builds the package before the tests of a file: whoever imports it gets what is built, so it has to be of these sources. */
export function buildBeforeAll(): void {
  beforeAll(async () => {
    const { status, output } = await runCommand(`${metastore} --help`, root, plainEnvironment())
    if (status !== 0) throw new Error(output)
  })
}

type ExamplePlace = Pick<Place, 'database'> & Partial<Omit<Place, 'directory'>>

/** How the README of an example is followed. */
export interface ExampleReadme {
  /** Where, given the copy of the example; what is left out is as a user has it who has set nothing. */
  readonly place: (directory: string) => ExamplePlace | Promise<ExamplePlace>
  /** The first lines of the steps of which the README does not say what comes of them. */
  readonly silent: readonly string[]
}

/** Follows the README of an example: a test for each step, and one that says which of them show no result. */
export function describeReadme(example: string, { place, silent }: ExampleReadme): void {
  const steps = readSteps(readFileSync(path.join(root, 'examples', example, 'README.md'), 'utf8'))

  describe(`the README of ${example}`, () => {
    let reader: Reader

    beforeAll(async () => {
      const directory = copyExample(example)
      const own = await place(directory)
      reader = followReadme({ directory, env: plainEnvironment(), port: 0, stands: new Map(), ...own })
    })
    afterAll(() => reader.close())

    test.each(steps.map((step) => [step.line, step.kind, step] as const))(
      'line %i: the %s does what is written',
      async (_line, _kind, step) => {
        const { actual, written } = await reader.follow(step)
        expect(actual).toEqual(written)
      },
    )

    test('says of each step what comes of it, but for those that print nothing worth reading', () => {
      const found = steps.filter(({ expected }) => expected === undefined)
      expect(found.map(({ text }) => text.split('\n')[0])).toEqual(silent)
    })
  })
}
