import { displayName, objectKey, type Table } from '../../catalog/catalog.ts'
import { id, literal, sql } from '../../database/database.ts'
import { asText, eachTable, shownTable } from './constraint-rules.ts'
import type { HealthRule } from './health-rule.ts'

/** Triggers that do not fire, and foreign keys that are not enforced because of that. */
export const disabledTrigger: HealthRule = {
  code: 'disabled_trigger',
  severity: 'P1',
  why: 'What the trigger promises has not been kept since it was disabled.',
  find: (catalog) =>
    eachTable(catalog, (table) => [
      ...table.triggers
        .filter(({ enabled }) => enabled === 'disabled')
        .map(({ name }) => ({
          objectKey: objectKey('trigger', [table.schema, table.name, name]),
          message: `Trigger ${displayName(name)} of ${shownTable(table)} is disabled.`,
          remedy: 'Enable it, and look for rows that were written meanwhile.',
          query: triggerQuery(table),
          repair: [asText(sql`alter table ${id(table.schema, table.name)} enable trigger ${id(name)}`)],
        })),
      ...table.constraints
        .filter(({ triggersEnabled, kind }) => !triggersEnabled && kind === 'foreign_key')
        .map(({ name }) => ({
          objectKey: objectKey('constraint', [table.schema, table.name, name]),
          message: `Foreign key ${displayName(name)} of ${shownTable(table)} is not enforced: its triggers are disabled.`,
          remedy: 'Enable all triggers of the table, then look for rows that refer to nothing.',
          query: triggerQuery(table),
          repair: [],
        })),
    ]),
}

function triggerQuery(table: Table): string {
  return asText(sql`select tgname, tgenabled from pg_trigger where tgrelid = ${literal(shownTable(table))}::regclass`)
}

/** Tables whose policies bind nobody. */
export const policiesWithoutRowSecurity: HealthRule = {
  code: 'policies_without_row_security',
  severity: 'P0',
  why: 'The policies are written down, and everybody sees all rows.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.policies.length === 0 || table.rowSecurity.enabled
        ? []
        : [
            {
              objectKey: objectKey('table', [table.schema, table.name]),
              message: `Table ${shownTable(table)} has policies (${table.policies.map(({ name }) => name).join(', ')}), but row-level security is off.`,
              remedy:
                'Turn row-level security on, after making sure that every role that reads the table has a policy.',
              query: rowSecurityQuery(table),
              repair: [],
            },
          ],
    ),
}

/** Tables whose rows nobody but their owner sees. */
export const rowSecurityWithoutPolicies: HealthRule = {
  code: 'row_security_without_policies',
  severity: 'P2',
  why: 'Every role but the owner sees an empty table.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      // A partition is read through its table, whose policies decide; closed to all others is as it should be.
      table.policies.length > 0 || !table.rowSecurity.enabled || table.partitionOf !== null
        ? []
        : [
            {
              objectKey: objectKey('table', [table.schema, table.name]),
              message: `Row-level security of ${shownTable(table)} is on, but there is no policy: only its owner sees rows.`,
              remedy: 'Add a policy, or turn row-level security off.',
              query: rowSecurityQuery(table),
              repair: [],
            },
          ],
    ),
}

/** Permissive policies that let everything through, unless a comment on them says why. */
export const policyThatIsAlwaysTrue: HealthRule = {
  code: 'policy_always_true',
  severity: 'P2',
  why: 'A permissive policy that is always true makes every other permissive policy of the table pointless.',
  find: (catalog) =>
    eachTable(catalog, (table) =>
      table.policies
        .filter(
          ({ permissive, using, check, comment }) =>
            permissive && comment === null && [using, check].some((text) => text?.trim() === 'true'),
        )
        .map(({ name }) => ({
          objectKey: objectKey('policy', [table.schema, table.name, name]),
          message: `Policy ${displayName(name)} of ${shownTable(table)} lets every row through.`,
          remedy: 'Write the condition that is meant, or say in a comment on the policy why there is none.',
          query: asText(
            sql`select policyname, qual, with_check from pg_policies where tablename = ${literal(table.name)}`,
          ),
          repair: [],
        })),
    ),
}

function rowSecurityQuery(table: Table): string {
  return asText(
    sql`select relrowsecurity, relforcerowsecurity from pg_class where oid = ${literal(shownTable(table))}::regclass`,
  )
}

/** Functions with their owner's rights whose names are looked up where the caller says. */
export const definerWithoutSearchPath: HealthRule = {
  code: 'definer_without_search_path',
  severity: 'P1',
  why: 'A caller can put an object of its own in front of the one that is meant, and have it used with the rights of the owner.',
  find: (catalog) =>
    catalog.routines
      .filter(({ securityDefiner, settings }) => securityDefiner && settings['search_path'] === undefined)
      .map(({ schema, name, argumentTypes }) => ({
        objectKey: objectKey('routine', [schema, name, argumentTypes.join(', ')]),
        message: `Function ${shownTable({ schema, name })} runs with the rights of its owner and has no search path of its own.`,
        remedy: 'Add set search_path = pg_catalog, pg_temp to it, and name objects with their schema.',
        query: asText(sql`select proname, prosecdef, proconfig from pg_proc where proname = ${literal(name)}`),
        repair: [],
      })),
}
