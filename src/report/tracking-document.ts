import type { ExpectationFact, Facts, FindingFact, SeedFact } from './facts.ts'
import type { Module } from './module.ts'

/** The document of a module, as Markdown: what is there, what is verified, what is missing. */
export function trackingDocument(module: Module, facts: Facts): string {
  const missing = missingOf(module, facts)
  return [
    `# ${capital(module.name)}`,
    `Written by \`metastore report\` from the database \`${facts.database}\`, which is at ${facts.current === null ? 'no migration' : `\`${facts.current}\``}. Do not edit it: run the command again.`,
    `## What is there`,
    table(
      ['Table', 'Rows', 'Made by', 'Seeds'],
      module.tables.map((name) => [
        `\`${name}\``,
        String(facts.rows.get(name) ?? 'missing'),
        makers(name, facts)
          .map((maker) => `\`${maker}\``)
          .join(', '),
        seedsOf(name, facts)
          .map(({ file }) => `\`${file}\``)
          .join(', '),
      ]),
    ),
    '## What is verified',
    list(verifiedOf(module, facts)) || 'Nothing: no seed expects anything of these tables, and nothing was audited.',
    '## What is missing',
    list(missing) || 'Nothing.',
  ]
    .join('\n\n')
    .concat('\n')
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|') || ' ').join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function makers(name: string, { migrations }: Facts): string[] {
  return migrations.filter(({ tables }) => tables.includes(name)).map((migration) => migration.name)
}

function seedsOf(name: string, { seeds }: Facts): SeedFact[] {
  return seeds.filter(({ tables }) => tables.some((each) => each.table === name))
}

function verifiedOf(module: Module, facts: Facts): string[] {
  const met = (facts.expectations ?? []).filter(({ ok, about }) => ok && isAbout(about, module))
  const seeded = module.tables.flatMap((name) => {
    const sum = seedsOf(name, facts)
      .flatMap(({ tables }) => tables)
      .filter((each) => each.table === name)
      .reduce((total, { asListed }) => total + asListed, 0)
    return sum === 0 ? [] : [`\`${name}\`: ${sum} ${sum === 1 ? 'row is' : 'rows are'} as the seeds list them.`]
  })
  const audited =
    facts.findings === null || findingsOf(module, facts.findings).length > 0
      ? []
      : ['The audit finds nothing: structure, constraints, indexes and policies are as the migrations say.']
  return [...met.map(({ name, found }) => `${name}: ${found}, as expected.`), ...seeded, ...audited]
}

function missingOf(module: Module, facts: Facts): string[] {
  const gone = module.tables
    .filter((name) => !facts.rows.has(name))
    .map((name) => `The table \`${name}\` is not there. Run \`metastore migrate\`, then \`metastore audit\`.`)
  const migrations = facts.migrations
    .filter(({ state, tables }) => state !== 'applied' && tables.some((name) => module.tables.includes(name)))
    .map(({ name, state }) =>
      state === 'waiting'
        ? `\`${name}\` waits for an extension that the server does not have.`
        : `\`${name}\` is not applied. Run \`metastore migrate\`.`,
    )
  const seeds = facts.seeds
    .filter(({ tables }) => tables.some((each) => module.tables.includes(each.table)))
    .flatMap((seed) => lackOf(seed, module))
  const unknown =
    facts.seedProblem === null ? [] : [`What the seeds say of these tables cannot be looked at: ${facts.seedProblem}`]
  const unmet = (facts.expectations ?? []).filter(({ ok, about }) => !ok && isAbout(about, module))
  return [
    ...gone,
    ...migrations,
    ...seeds,
    ...unknown,
    ...unmet.map(({ name, expected, found }) => `${name}: expected ${expected}, found ${found}.`),
    ...findingsOf(module, facts.findings ?? []).map(
      ({ severity, message, code, remedy }) => `${severity} ${message} (${code}) ${remedy}`,
    ),
  ]
}

function lackOf({ file, state, tables }: SeedFact, module: Module): string[] {
  if (state === 'skipped') return [`\`${file}\` is for another environment.`]
  return tables
    .filter(({ table: name, missing, different }) => module.tables.includes(name) && missing + different > 0)
    .map(
      ({ table: name, missing, different }) =>
        `\`${name}\`: of the rows of \`${file}\`, ${missing} are missing and ${different} different. Run \`metastore seed${state === 'applied' ? ' --force' : ''}\`.`,
    )
}

function findingsOf(module: Module, findings: readonly FindingFact[]): FindingFact[] {
  return findings.filter(({ object }) => {
    const path = object?.slice(object.indexOf(' ') + 1) ?? ''
    return module.tables.some((name) => path === name || path.startsWith(`${name}.`))
  })
}

// What names a table as a word is about it.
function isAbout(about: ExpectationFact['about'], { tables }: Module): boolean {
  const words = new Set(about.match(/[\w$]+/g))
  return tables.some((name) => words.has(name.slice(name.indexOf('.') + 1)))
}
