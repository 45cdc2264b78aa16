import type { Hazard } from '../hazard.ts'
import { refOfNames, shown, type ObjectRef } from '../tree.ts'
import type { Scene } from '../scene.ts'

/** A domain with a check, made or altered. */
export const domainCheck: Hazard = {
  id: 'H30',
  code: 'domain_check',
  title: 'a domain with a CHECK created or altered',
  severity: 'P1',
  why: 'A check that is added to a domain reads every table with a column of it, under a lock on all of them; and each later change of the rule does so again.',
  remedy: 'Add the check NOT VALID and VALIDATE it later; or take a plain type, and a CHECK on each table.',
  silence: 'For a domain that is new, or that no column has, when it is altered; and with NOT VALID.',
  needs: ['S', 'C', 'L'],
  detect({ node }, scene) {
    if ('CreateDomainStmt' in node) {
      const checks = (node.CreateDomainStmt.constraints ?? []).some(
        (item) => 'Constraint' in item && ['CONSTR_CHECK', 'CONSTR_NOTNULL'].includes(item.Constraint.contype ?? ''),
      )
      const domain = shown(refOfNames(node.CreateDomainStmt.domainname))
      const message = `Whatever changes the rule of ${domain} later will read every table that uses it.`
      return checks ? [{ object: domain, severity: 'P2' as const, message }] : []
    }
    if (!('AlterDomainStmt' in node)) return []
    const { subtype, def, typeName } = node.AlterDomainStmt
    const domain = refOfNames(typeName)
    const reads =
      subtype === 'O' || (subtype === 'C' && !(def && 'Constraint' in def && def.Constraint.skip_validation))
    if (!reads || scene.isNewObject(domain) || !isUsed(domain, scene)) return []
    return [{ object: shown(domain), message: `Every table with a column of ${shown(domain)} is read under a lock.` }]
  },
}

function isUsed(domain: ObjectRef, { catalog, schema }: Scene): boolean {
  if (catalog === undefined) return true
  const names = new Set([domain.name, shown(domain), shown({ schema: domain.schema ?? schema, name: domain.name })])
  return catalog.tables.some(({ columns }) => columns.some(({ type }) => names.has(type.replaceAll('[]', ''))))
}
