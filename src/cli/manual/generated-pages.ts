import { errorCodes } from '../../errors.ts'
import { actionSchema, keyReferences, planJsonSchema, type KeyReference } from '../../migrations/action-reference.ts'
import { hazardsReference } from '../../migrations/hazard-reference.ts'
import { seedReference, seedSchema } from '../../seeds/seeds.ts'
import { settingsTable } from '../../project/settings-table.ts'
import { optionsOf, type CommandDefinition } from '../command.ts'
import { commands } from '../commands.ts'
import { exitStatus, statusOfKind } from '../exit-status.ts'

/**
 * The pages of the manual that are made from declarations, by path below docs/, and the pages with a generated part, filled.
 * `readPage` gives the hand-written frame of such a page.
 */
export async function generatedPages(readPage: (name: string) => string): Promise<Map<string, string>> {
  const definitions = await Promise.all(Object.values(commands).map((load) => load()))
  return new Map([
    ...definitions.map((definition): [string, string] => [`commands/${definition.name}.md`, commandPage(definition)]),
    ['commands.md', commandList(definitions)],
    ['errors.md', errorsPage()],
    ['configuration.md', fill(readPage('configuration.md'), 'settings', settingsTable())],
    ['hazards.md', hazardsPage(readPage('hazards.md'))],
    ['guides/actions.md', actionsPage(readPage('guides/actions.md'))],
    ['schema/migration.schema.json', actionSchema()],
    ['schema/plan.schema.json', planJsonSchema()],
    ['guides/seeds.md', seedsPage(readPage('guides/seeds.md'))],
    ['schema/seed.schema.json', seedSchema()],
  ])
}

function fill(page: string, part: string, text: string): string {
  const begin = `<!-- ${part} -->`
  const end = `<!-- /${part} -->`
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new RangeError(`The page has no part ${part}.`)
  return `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`
}

function hazardsPage(page: string): string {
  const { table, rates, pages } = hazardsReference()
  return fill(fill(fill(page, 'hazards', table), 'rates', rates), 'pages', pages)
}

function seedsPage(page: string): string {
  const { keys, cells } = seedReference()
  const keyRows = keys.map(([key, meaning]) => [code(key), meaning])
  const cellRows = cells.map(([mark, beside, says]) => [code(mark), beside, says])
  const filled = fill(page, 'keys', markdownTable(['key', 'meaning'], keyRows))
  return fill(filled, 'cells', markdownTable(['cell', 'beside it', 'the value is'], cellRows))
}

function actionsPage(page: string): string {
  return [...keyReferences()].reduce((filled, [part, keys]) => fill(filled, part, keyTable(keys)), page)
}

// The type of an action is the heading that its table stands under.
function keyTable(keys: readonly KeyReference[]): string {
  return markdownTable(
    ['key', 'value', 'required', 'meaning'],
    keys
      .filter(({ key, type, required }) => !(key === 'type' && required && type.startsWith('`')))
      .map(({ key, type, required, meaning }) => [code(key), type, required ? 'yes' : 'no', meaning]),
  )
}

function commandPage(definition: CommandDefinition): string {
  const { name, summary, description, examples, json, arguments: given = [] } = definition
  const usage = ['metastore', name, ...given.map((argument) => argument.name), '[options]'].join(' ')
  return [
    `# metastore ${name}`,
    `${summary}.`,
    ...(description === undefined ? [] : [description]),
    `\`\`\`text\n${usage}\n\`\`\``,
    '## Examples',
    examples.map(([command, does]) => `\`${command}\`: ${does}.`).join('\n\n'),
    ...(given.length === 0
      ? []
      : [
          '## Arguments',
          markdownTable(
            ['argument', 'meaning'],
            given.map((row) => [code(row.name), row.description]),
          ),
        ]),
    '## Options',
    markdownTable(
      ['option', 'meaning'],
      optionsOf(definition).map((row) => [code(row.flags), row.description]),
    ),
    '## JSON',
    `With \`--json\` one document is printed: \`command\`, \`ok\`, and ${json}. A failure adds \`error\` (code, message, where, remedy, details).`,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

function commandList(definitions: readonly CommandDefinition[]): string {
  const rows = definitions.map(({ name, summary }) => [`[${name}](commands/${name}.md)`, summary])
  return [
    '# Commands',
    'Every command takes `--help`, `--json`, `--quiet`, `--verbose` and `--no-color`. Results go to standard output, everything else to standard error; with `--json` one document is printed on standard output and nothing else there.',
    markdownTable(['command', 'what it does'], rows),
    '## Exit status',
    markdownTable(
      ['status', 'meaning'],
      [
        [String(exitStatus.done), 'done, or clean'],
        [String(exitStatus.failed), 'something failed'],
        [String(exitStatus.wrongInput), 'wrong usage, configuration or file'],
        [String(exitStatus.notClean), 'the state does not allow it, or the answer is "not clean"'],
        [String(exitStatus.locked), 'another process holds the lock'],
      ],
    ),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(([name, { kind, summary }]) => [
    code(name),
    String(statusOfKind[kind]),
    summary,
  ])
  return [
    '# Errors',
    'Every failure has a stable code, says what happened and where, and what to do next. With `--json` it is the member `error` of the document: `code`, `message`, `where`, `remedy`, `details`.',
    markdownTable(['code', 'exit status', 'what it means'], rows),
    'A failure without a code is a defect of metastore; it is printed with its stack.',
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
