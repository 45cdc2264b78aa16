/** A table in Markdown; numbers stand to the right where it has more than three columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'))
  return [header, header.length > 3 ? rule : header.map(() => '---'), ...rows].map(line).join('\n')
}
