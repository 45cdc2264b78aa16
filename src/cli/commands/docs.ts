import { defineCommand } from '../command.ts'
import { argument } from '../input.ts'
import { exitStatus } from '../exit-status.ts'
import { listPages, readPage } from '../manual.ts'

/** Prints the manual of the installed version. */
export const docsCommand = defineCommand({
  name: 'docs',
  summary: 'Print the manual of this version, for people and for coding agents',
  examples: [
    ['metastore docs', 'list the pages'],
    ['metastore docs commands/migrate', 'print one page as Markdown'],
  ],
  scope: 'nothing',
  arguments: [{ name: '[page]', description: 'the page to print' }],
  json: 'pages[] (names), or page and text',
  async run(input, { output }) {
    const page = argument(input, 0)
    if (page === undefined) {
      const pages = await listPages()
      pages.forEach((name) => output.line(name))
      output.document({ pages })
      return exitStatus.done
    }
    const text = await readPage(page)
    output.line(text.trimEnd())
    output.document({ page, text })
    return exitStatus.done
  },
})
