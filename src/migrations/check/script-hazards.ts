import type { Catalog } from '../../catalog/catalog.ts'
import type { Finding } from '../../finding.ts'
import type { Migration, MigrationFile } from '../migration.ts'
import { applyAllowances, type Allowable } from './allowances.ts'
import type { CheckInput } from './check-input.ts'
import { hazardsIn } from './find-hazards.ts'
import { hazards } from './hazards.ts'
import { knowNothing, settle, type KnownObjects } from './known-objects.ts'
import { note } from './note.ts'
import { ruleBreaches, type ProjectRule } from './project-rule.ts'
import { scriptOf, scriptsOfActions } from './scripts.ts'
import type { Script } from './seen-statement.ts'
import type { SqlPartText } from './sql-parts.ts'
import type { TableStatistics } from './statistics.ts'

/** What is known around the files whose SQL is looked at. */
export interface Surroundings {
  /** The base schema. */
  readonly schema: string
  readonly rules: readonly ProjectRule[]
  /** The schema as it is right before a migration, where that is known. */
  readonly catalogBefore?: ((migration: string) => Catalog | undefined) | undefined
  readonly statistics?: TableStatistics | undefined
}

/**
 * The hazards in the SQL of all files, and what breaks the project's own rules, without what is allowed. Applied files are
 * only read for what they make.
 */
export async function scriptHazards(input: CheckInput, surroundings: Surroundings): Promise<Finding[]> {
  const { pending, files, dialect, parser } = input
  const allowable = [...hazards, ...surroundings.rules.map(({ id }) => ({ id, code: id }))]
  const known = knowNothing(surroundings.schema)
  const findings: Finding[] = []
  for (const file of files) {
    const migration = input.migrations.find((one) => one.file === file)
    const part = input.parts.find((one) => one.file === file && one.direction === 'up')
    const isPending = pending === undefined || pending.has(file.name)
    if (part && dialect === 'sqlite' && isPending) findings.push(...onSqlite(part, surroundings, allowable))
    if (parser === undefined) continue
    const scripts = part
      ? [scriptOf(part, parser)]
      : migration?.up.kind === 'actions'
        ? await scriptsOfActions(file, migration.up, parser)
        : []
    // What the file's own actions make is as new to its scripts.
    noteActions(known, migration)
    for (const script of scripts) {
      if (isPending) findings.push(...inScript(script, file, { ...surroundings, known, allowable }))
      else noteAll(known, script)
    }
    // Unless it is known to be pending, somebody may use by now what it has made.
    if (pending?.has(file.name) !== true) settle(known)
  }
  return findings
}

function noteAll(known: KnownObjects, { statements }: Script): void {
  for (const { node } of statements) if (node) note(known, node)
}

function noteActions(known: KnownObjects, migration: Migration | undefined): void {
  if (migration?.up.kind !== 'actions') return
  for (const action of migration.up.actions) note(known, action)
}

function inScript(
  script: Script,
  { name, source }: MigrationFile,
  around: Surroundings & { readonly known: KnownObjects; readonly allowable: readonly Allowable[] },
): Finding[] {
  const { schema, rules, known, statistics, catalogBefore, allowable } = around
  const found = hazardsIn(script, { schema, statistics, catalogBefore: catalogBefore?.(name) }, known)
  const { path, start, verbatim, statements } = script
  const breaches = ruleBreaches(statements, { path, source: script.source, offset: start }, rules, 'postgres')
  // A file's head stands above the marker that begins its up part.
  const place = script.editable
    ? { path, source, text: source.slice(0, start + script.text.length), start: 0, verbatim: true }
    : { path, source: script.source, text: script.text, start, verbatim }
  return applyAllowances([...found, ...breaches], place, allowable)
}

// SQLite offers no parse tree, and locks the whole file for every write; so only rules over the text apply.
function onSqlite({ place, statements, text }: SqlPartText, { rules }: Surroundings, allowable: readonly Allowable[]) {
  const { path = '', source, offset } = place
  const onText = rules.filter((rule) => rule.statements.length === 0)
  const whole = { path, source, text: source.slice(0, offset + text.length), start: 0, verbatim: true }
  return applyAllowances(ruleBreaches(statements, place, onText, 'sqlite'), whole, allowable)
}
