/** Text that stands in Markdown as it is, in one line: in a paragraph, a heading or a cell of a table. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|]/g, String.raw`\$&`).replaceAll(/\s*\n\s*/g, ' ')
}

/** A block of code whose fence is longer than every run of backticks in it, so that nothing in the text ends it. */
export function codeBlock(language: string, text: string): string[] {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, text.trimEnd(), fence]
}
