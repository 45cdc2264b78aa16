import { spawn } from 'node:child_process'
import { MetastoreError } from '../../errors.ts'
import { resolveName } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { argument } from '../input.ts'
import { exitStatus } from '../exit-status.ts'

/** Opens the file of a migration in the person's editor. */
export const editCommand = defineCommand({
  name: 'edit',
  summary: "Open a migration's file in your editor (VISUAL or EDITOR)",
  description: 'Without a terminal, or with --json, the path is printed instead.',
  examples: [
    ['metastore edit head', 'open the newest migration'],
    ['metastore edit 003', 'open migration 003_…'],
  ],
  scope: 'project',
  arguments: [{ name: '<name>', description: 'a migration, or head' }],
  json: 'path',

  async run(input, context) {
    const files = (await Promise.all((await context.databases()).map((entry) => entry.files()))).flat()
    const given = argument(input, 0) ?? ''
    const name =
      given === 'head' ? files.at(-1)?.name : resolveName(given, [...new Set(files.map((file) => file.name))])
    const file = files.find((candidate) => candidate.name === name)
    if (file === undefined) throw nothingToEdit()
    context.output.document({ path: file.absolutePath })
    if (!context.interactive || context.output.options.json) {
      context.output.line(file.absolutePath)
      return exitStatus.done
    }
    await openEditor(context.environment, file.absolutePath)
    return exitStatus.done
  },
})

async function openEditor(environment: Readonly<Record<string, string | undefined>>, path: string): Promise<void> {
  const editor = environment['VISUAL'] || environment['EDITOR']
  if (!editor) {
    throw new MetastoreError({
      code: 'usage',
      message: 'No editor is set.',
      where: path,
      remedy: 'Set VISUAL or EDITOR, such as EDITOR=nano, or open the file yourself.',
    })
  }
  // Editors are often set with arguments ("code --wait"); the path is one of its own, so no shell sees it.
  const [program = editor, ...args] = editor.split(/\s+/)
  const status = await new Promise<number | null>((resolve, reject) => {
    spawn(program, [...args, path], { stdio: 'inherit' })
      .once('error', reject)
      .once('exit', resolve)
  }).catch((cause: unknown) => {
    throw editorFailed(program, cause)
  })
  if (status !== 0) throw editorFailed(program, undefined)
}

function editorFailed(program: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `The editor ${program} could not be used${cause instanceof Error ? `: ${cause.message}` : ''}.`,
    remedy: 'Set VISUAL or EDITOR to a program that is installed.',
    cause,
  })
}

function nothingToEdit(): MetastoreError {
  return new MetastoreError({
    code: 'migration_unknown',
    message: 'There are no migrations to edit.',
    remedy: 'Create one with metastore new NAME.',
  })
}
