import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import { findProject } from './find.ts'
import { readProject } from './read.ts'

function projectDirectory(): { directory: string; inside: string; file: string } {
  const directory = temporaryDirectory()
  const inside = path.join(directory, 'deep', 'down')
  mkdirSync(inside, { recursive: true })
  const file = path.join(directory, 'metastore.toml')
  writeFileSync(file, '[database.a]\n')
  return { directory, inside, file }
}

test('the nearest metastore.toml from the working directory upwards is the project', async () => {
  const { directory, inside, file } = projectDirectory()
  expect(await findProject(inside)).toEqual({ directory, configFile: file })
  expect(await findProject(directory)).toEqual({ directory, configFile: file })
  const nearer = path.join(directory, 'deep', 'metastore.toml')
  writeFileSync(nearer, '')
  expect(await findProject(inside)).toEqual({ directory: path.dirname(nearer), configFile: nearer })
})

test('without a metastore.toml anywhere above the working directory is the project', async () => {
  const directory = temporaryDirectory()
  expect(await findProject(directory)).toEqual({ directory, configFile: null })
})

test('--project names a directory, which is not searched from upwards', async () => {
  const { directory, inside, file } = projectDirectory()
  expect(await findProject(inside, '../..')).toEqual({ directory, configFile: file })
  expect(await findProject(directory, 'deep')).toEqual({ directory: path.join(directory, 'deep'), configFile: null })
})

test('--project names a configuration file of any name', async () => {
  const { directory, inside } = projectDirectory()
  const other = path.join(directory, 'staging.toml')
  writeFileSync(other, '[database.staging]\n')
  const place = await findProject(inside, '../../staging.toml')
  expect(place).toEqual({ directory, configFile: other })
  const project = await readProject({ ...place, workingDirectory: inside, environment: {} })
  expect(project.file).toBe(path.join('..', '..', 'staging.toml'))
  expect(project.databases.map(({ name }) => name)).toEqual(['staging'])
})

test.each(['gone', 'gone/metastore.toml', 'metastore.toml/x'])(
  '--project %s that is not there is refused',
  async (given) => {
    const { directory } = projectDirectory()
    const error = await findProject(directory, given).catch((thrown: unknown) => thrown)
    expect(error instanceof MetastoreError && error.toJSON()).toEqual({
      code: 'configuration_missing',
      message: `There is no project at ${given}: the path does not exist.`,
      where: given,
      remedy: 'Check the path after --project: it names the directory of a project, or its configuration file.',
      details: [],
    })
  },
)
