import { MetastoreError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { argument, text } from '../input.ts'
import { exitStatus } from '../exit-status.ts'
import { explainCode } from '../manual/explain-code.ts'
import { listTopics, readPage } from '../manual/manual.ts'
import { searchManual } from '../manual/manual-search.ts'
import type { Output } from '../output.ts'
import { count, table } from '../ui/tables.ts'

/** Prints the manual of the installed version. */
export const docsCommand = defineCommand({
  name: 'docs',
  summary: 'Print the manual of this version, for people and for coding agents',
  description:
    'Without a page the topics are listed: how to get something done first, then every command, then what to look up. A page is named by its path or by its last part. The page agents is a section for the AGENTS.md of a project.',
  examples: [
    ['metastore docs', 'list the topics'],
    ['metastore docs guides/zero-downtime', 'print one page as Markdown'],
    ['metastore docs --search "lock timeout"', 'find the sections that speak of something'],
    ['metastore docs --explain lock_held', 'say what an error or a hazard (H01) means, and where there is more'],
    ['metastore docs agents >> AGENTS.md', 'tell coding agents how to work in this project'],
  ],
  scope: 'nothing',
  arguments: [{ name: '[page]', description: 'the page to print' }],
  options: [
    { flags: '--search <words>', description: 'list the sections in which all of these words occur' },
    { flags: '--explain <code>', description: 'explain the code of an error or a hazard' },
  ],
  json: 'pages[] (names) and topics[] (page, title); with a page page and text; with --search hits[] (page, heading, line, excerpt); with --explain code, kind (error or hazard), exitStatus, text, pages[] (names)',
  async run(input, { output }) {
    const [page, words, code] = [argument(input, 0), text(input, 'search'), text(input, 'explain')]
    if ([page, words, code].filter((given) => given !== undefined).length > 1) throw severalAsked()
    if (words !== undefined) await search(words, output)
    else if (code !== undefined) await explain(code, output)
    else if (page !== undefined) await print(page, output)
    else await list(output)
    return exitStatus.done
  },
})

async function list(output: Output): Promise<void> {
  const topics = await listTopics()
  table(topics.map(({ page, title }) => [page, title])).forEach((line) => output.line(line))
  output.document({ pages: topics.map(({ page }) => page), topics })
}

async function print(page: string, output: Output): Promise<void> {
  const text = await readPage(page)
  output.line(text.trimEnd())
  output.document({ page, text })
}

async function search(words: string, output: Output): Promise<void> {
  const hits = await searchManual(words)
  for (const { page, heading, line, excerpt } of hits) {
    output.line(`${output.paint.strong(`${page}:${line}`)}  ${heading}`)
    if (excerpt !== '') output.line(`  ${excerpt}`)
  }
  output.note(hits.length === 0 ? 'Nothing was found; metastore docs lists the topics.' : count(hits.length, 'section'))
  output.document({ hits })
}

async function explain(code: string, output: Output): Promise<void> {
  const explanation = await explainCode(code)
  output.line(explanation.text.trimEnd())
  if (explanation.exitStatus !== null) output.line(`\nThe exit status is ${explanation.exitStatus}.`)
  output.line(`\nmore: ${explanation.pages.map((page) => `metastore docs ${page}`).join(', ')}`)
  output.document({ ...explanation })
}

function severalAsked(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'A page, --search and --explain do not go together.',
    where: 'metastore docs',
    remedy: 'Ask for one of them.',
  })
}
