import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const runs = { 'migrations/001_runs.sql': 'create table runs (id bigint primary key, agent text not null);\n' }

// Gives the answers one after the other, and keeps the questions.
function person(...answers: string[]) {
  const questions: string[] = []
  return {
    questions,
    interactive: true,
    askText: (question: string) => {
      questions.push(question.trim())
      const answer = answers.shift()
      return answer === undefined ? Promise.reject(new Error(`No answer to: ${question}`)) : Promise.resolve(answer)
    },
  }
}

describe('new --interactive', () => {
  test('asks for the actions, tries each behind the others, and writes a file that runs', async () => {
    const line = commandLine(runs)
    const column = ['vendor', 'text', 'n', '']
    const anna = person(
      'add_colum',
      '4',
      // A column that nothing fills is told at once, and asked for again.
      ...['run', 'n', 'runs', ...column, '', '', 'n'],
      'add_column',
      ...['runs', ...column, "split_part(agent, '/', 1)", ''],
      // The next action knows what the first has made.
      'add_index',
      ...['runs', 'runs_vendor', 'vendor', '', ''],
      '',
    )
    const { status, stdout, stderr } = await line.run('new --interactive vendor of runs', anna)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n').slice(17)).toEqual([
      'There is no action add_colum. Did you mean add_column?',
      'add_column adds a column to a table.',
      '  The migrations make no run. Did you mean runs?',
      'column: the column',
      'Column runs.vendor must not be null, and nothing says what existing rows and old sessions give it.',
      '  next: Add a default to the column, or up = "<SQL>" to the action.',
      'add_column adds a column to a table.',
      'column: the column',
      'add_index builds an index while the table is written to.',
      'index: the index',
      'Created migrations/002_vendor_of_runs.toml',
      '',
    ])
    expect(anna.questions).toContain('table: the table (runs):')
    expect(anna.questions).toContain(
      'index.columns 1: what it is on, in this order: columns by their names, or index keys (id, agent, vendor; + to say it in parts):',
    )
    expect(line.read('migrations/002_vendor_of_runs.toml')).toBe(
      lines(
        'description = "vendor of runs"',
        '',
        '[[actions]]',
        'type = "add_column"',
        'table = "runs"',
        `up = "split_part(agent, '/', 1)"`,
        '',
        '[actions.column]',
        'name = "vendor"',
        'type = "text"',
        'nullable = false',
        '',
        '[[actions]]',
        'type = "add_index"',
        'table = "runs"',
        '',
        '[actions.index]',
        'name = "runs_vendor"',
        'columns = [ "vendor" ]',
      ),
    )
    expect(await line.run('check')).toMatchObject({ status: 0, stdout: '2 migrations checked, 0 findings.\n' })
  })

  test('keeps an action that cannot be tried where its author says so, and asks for a name in JSON', async () => {
    const line = commandLine(runs)
    const anna = person('take runs away', 'remove_table', 'rums', 'y', 'y', '')
    expect(await line.run('new -i --format json', anna)).toMatchObject({ status: 0, stderr: '' })
    expect(anna.questions[0]).toBe('What does the migration do?')
    expect(JSON.parse(line.read('migrations/002_take_runs_away.json'))).toEqual({
      description: 'take runs away',
      actions: [{ type: 'remove_table', table: 'rums' }],
    })
  })

  test('writes nothing where nothing is said', async () => {
    const line = commandLine(runs)
    expect((await line.run('new -i nothing', person(''))).stderr).toBe(
      lines(
        'error [usage] No action was named, so that there is nothing to write.',
        '  at metastore new --interactive',
        '  next: Name one by its number, or write SQL: metastore new add runs table.',
      ),
    )
    expect(readdirSync(path.join(line.directory, 'migrations'))).toEqual(['001_runs.sql'])
  })

  test.each([
    [
      'new -i x',
      {},
      '--interactive asks questions, and there is no terminal to ask them on.',
      'metastore new',
      'Name the actions, and fill in their blanks: metastore new add cost --action add_column.',
    ],
    [
      'new -i x --format ts',
      person(),
      '--format ts has no actions to ask for.',
      'metastore new --interactive',
      'Leave one of the two away.',
    ],
    [
      'new -i x --action add_column',
      person(),
      '--interactive asks for the actions, so --action says them twice.',
      'metastore new --interactive',
      'Leave one of the two away.',
    ],
    [
      'new -i x --url sqlite:x.db',
      person(),
      'Migrations in actions are for PostgreSQL, and this is a SQLite database.',
      'metastore new --interactive',
      'Write it in SQL: metastore new add runs table.',
    ],
  ])('%s is wrong usage', async (words, around, message, where, next) => {
    const stderr = lines(`error [usage] ${message}`, `  at ${where}`, `  next: ${next}`)
    expect(await commandLine(runs).run(words, around)).toEqual({ status: 2, stdout: '', stderr })
  })
})
