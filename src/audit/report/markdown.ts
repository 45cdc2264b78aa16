import type { AuditFinding } from '../audit-finding.ts'
import type { AuditedMigration, AuditedObject, AuditReport } from '../audit-report.ts'
import { size } from './size.ts'

/** The audit as a Markdown document: what is wrong, what to do, and what every migration provides. Pure. */
export function renderMarkdown(report: AuditReport): string {
  const { database, address, server, at, current, findings, checklist, migrations, tables } = report
  return [
    `# Audit of ${escape(database)}`,
    '',
    `${code(address)}, ${escape(server)}, ${at}. ${current === null ? 'No migration is in effect.' : `The newest migration is ${code(current)}.`}`,
    '',
    summaryOf(findings),
    ...findings.flatMap(findingLines),
    ...(checklist.length === 0
      ? []
      : [
          '',
          '## Checklist',
          '',
          ...checklist.map(({ title, run }) => `- [ ] ${escape(title)}${run === null ? '' : `: ${code(run)}`}`),
        ]),
    '',
    '## Migrations',
    ...migrations.flatMap(migrationLines),
    '',
    '## Tables',
    '',
    '| table | rows (estimate) | size |',
    '| --- | ---: | ---: |',
    ...tables.map(
      ({ schema, name, rows, bytes }) =>
        `| ${code(`${schema}.${name}`)} | ${rows < 0 ? '–' : String(rows)} | ${size(bytes)} |`,
    ),
    '',
  ].join('\n')
}

function summaryOf(findings: readonly AuditFinding[]): string {
  if (findings.length === 0) return 'Everything is as the migrations say.'
  const numbers = (['P0', 'P1', 'P2'] as const).map(
    (severity) => [severity, findings.filter((one) => one.severity === severity).length] as const,
  )
  return `**${numbers.flatMap(([severity, number]) => (number === 0 ? [] : [`${number} ${severity}`])).join(', ')}**`
}

function findingLines({ severity, message, migration, remedy, query, repair, code: name }: AuditFinding): string[] {
  return [
    '',
    `### ${severity}: ${escape(message)}`,
    '',
    `${migration === null ? '' : `Migration ${code(migration)}. `}${escape(remedy)} (${code(name)})`,
    ...(query === null ? [] : ['', '```sql', `-- to look at it`, query, '```']),
    ...(repair.length === 0 ? [] : ['', '```sql', '-- to repair it', ...repair, '```']),
  ]
}

function migrationLines({ name, path, priority, state, appliedAt, provides }: AuditedMigration): string[] {
  return [
    '',
    `### ${escape(name)}`,
    '',
    `${priority}, ${code(path)}, ${state === 'pending' ? '**not applied**' : `applied ${appliedAt ?? ''}`}${state === 'edited' ? ', **edited since**' : ''}`,
    ...(provides.length === 0
      ? []
      : [
          '',
          '| object | state | changed by | verification |',
          '| --- | --- | --- | --- |',
          ...provides.map(objectLine),
        ]),
  ]
}

function objectLine({ key, state, changedBy, query }: AuditedObject): string {
  const shown = state === 'there' ? 'there' : `**${state}**`
  return `| ${code(key)} | ${shown} | ${changedBy.map(code).join(', ')} | ${code(query.replaceAll(/\s+/g, ' '))} |`
}

// Within a cell of a table a bar would end the cell, even in code.
function code(text: string): string {
  const ticks = text.includes('`') ? '``' : '`'
  return `${ticks}${text.replaceAll('|', '\\|')}${ticks}`
}

function escape(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`).replaceAll('\n', ' ')
}
