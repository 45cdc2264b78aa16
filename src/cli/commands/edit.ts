import { spawn } from 'node:child_process'
import { MetastoreError } from '../../errors.ts'
import { resolveName, type MigrationFile } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import type { Context } from '../context.ts'
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
    const file = await findFile(argument(input, 0) ?? '', context)
    context.output.document({ path: file.absolutePath })
    if (!context.interactive || context.output.options.json) {
      context.output.line(file.absolutePath)
      return exitStatus.done
    }
    await openEditor(context, file.absolutePath)
    return exitStatus.done
  },
})

async function findFile(given: string, context: Context): Promise<MigrationFile> {
  if (given === 'head') {
    const newest = (await (await context.oneDatabase()).files()).at(-1)
    if (newest === undefined) throw nothingToEdit()
    return newest
  }
  const files = (await Promise.all((await context.databases()).map((entry) => entry.files()))).flat()
  const name = resolveName(given, [...new Set(files.map((file) => file.name))])
  const found = files.filter((file) => file.name === name)
  // Several databases may share a directory, and then it is one file all the same.
  const [file, another] = [...new Map(found.map((each) => [each.absolutePath, each])).values()]
  if (file === undefined) throw nothingToEdit()
  if (another !== undefined) throw severalFiles(name, [file, another])
  return file
}

async function openEditor({ environment, workingDirectory }: Context, path: string): Promise<void> {
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
    spawn(program, [...args, path], { stdio: 'inherit', cwd: workingDirectory, env: { ...environment } })
      .once('error', reject)
      .once('exit', resolve)
  }).catch((cause: unknown) => {
    throw editorMissing(program, cause)
  })
  if (status !== 0) throw editorFailed(program, status)
}

function editorMissing(program: string, cause: unknown): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `The editor ${program} cannot be started: ${cause instanceof Error ? cause.message : String(cause)}.`,
    remedy: 'Set VISUAL or EDITOR to a program that is installed.',
    cause,
  })
}

function editorFailed(program: string, status: number | null): MetastoreError {
  return new MetastoreError({
    code: 'editor_failed',
    message: `The editor ${program} ended with ${status === null ? 'a signal' : `status ${status}`}.`,
    remedy: 'Look at the file: what the editor has saved is there.',
  })
}

function severalFiles(name: string, files: readonly MigrationFile[]): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `Several databases have a migration ${name}.`,
    remedy: 'Name the one that is meant with --database NAME.',
    details: files.map(({ path }) => path),
  })
}

function nothingToEdit(): MetastoreError {
  return new MetastoreError({
    code: 'migration_unknown',
    message: 'There are no migrations to edit.',
    remedy: 'Create one with metastore new NAME.',
  })
}
