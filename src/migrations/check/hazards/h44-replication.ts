import type { Hazard, Report } from '../hazard.ts'
import { alterations, dropped, listed, refOf, shown } from '../tree.ts'
import type { Node } from '../../sql/parser.ts'
import type { Scene } from '../scene.ts'

/** Changes of what replication and autovacuum do with a table. */
export const replication: Hazard = {
  id: 'H44',
  code: 'replication_or_autovacuum',
  title: 'replica identity, autovacuum or a publication changed',
  severity: 'P1',
  why: 'Without autovacuum a table grows and in the end stops the server; a replica identity that names no row makes UPDATE and DELETE fail where it is published; subscribers miss what leaves a publication.',
  remedy: 'Tune autovacuum instead of switching it off, and agree with whoever subscribes.',
  silence: 'On a table that is new, where the setting is made less strict, and for a publication that is new.',
  needs: ['S', 'C'],
  detect: ({ node }, scene) => [...autovacuum(node, scene), ...identity(node, scene), ...publication(node)],
}

function autovacuum(node: Node, scene: Scene): Report[] {
  return alterations(node, 'AT_SetRelOptions').flatMap(({ table, command: { def } }) => {
    const options = def && 'List' in def ? (def.List.items ?? []) : []
    const isOff = options.some((item) => {
      if (!('DefElem' in item) || !/^autovacuum_enabled$/i.test(item.DefElem.defname ?? '')) return false
      const { arg } = item.DefElem
      const value =
        arg && 'String' in arg ? arg.String.sval : arg && 'Integer' in arg ? String(arg.Integer.ival ?? 0) : 'true'
      return ['false', 'off', 'no', '0', 'f', 'n'].includes((value ?? '').toLowerCase())
    })
    if (!isOff || scene.isNew(table)) return []
    return [
      {
        object: shown(table),
        message: `Nothing cleans up ${shown(table)} any more.`,
        remedy: 'Tune autovacuum instead.',
      },
    ]
  })
}

function identity(node: Node, scene: Scene): Report[] {
  return alterations(node, 'AT_ReplicaIdentity').flatMap(({ table, command: { def } }): Report[] => {
    const kind = def && 'ReplicaIdentityStmt' in def ? def.ReplicaIdentityStmt.identity_type : undefined
    if (scene.isNew(table) || (kind !== 'n' && kind !== 'f')) return []
    const object = shown(table)
    const remedy = 'Give the table a primary key, or name a unique index as its replica identity.'
    if (kind === 'n')
      return [{ object, message: `UPDATE and DELETE of ${object} fail where they are published.`, remedy }]
    if (scene.table(table)?.replicaIdentity === 'full') return []
    return [
      {
        object,
        severity: 'P2',
        message: `Every UPDATE and DELETE of ${object} writes the whole old row to the log.`,
        remedy,
      },
    ]
  })
}

const agree = 'Agree with whoever subscribes, and change the subscription first.'

function publication(node: Node): Report[] {
  return publicationReports(node).map((report) => ({ ...report, remedy: agree }))
}

function publicationReports(node: Node): Report[] {
  const gone = dropped(node, 'OBJECT_PUBLICATION').map(({ name }) => name)
  if (gone.length > 0)
    return [{ object: listed(gone), message: `Whoever subscribes to ${listed(gone)} gets nothing any more.` }]
  if ('DropSubscriptionStmt' in node) {
    const { subname = '' } = node.DropSubscriptionStmt
    return [{ object: subname, message: `The subscription ${subname} ends, and its slot is dropped with it.` }]
  }
  if (!('AlterPublicationStmt' in node)) return []
  const { pubname = '', action, pubobjects = [], options } = node.AlterPublicationStmt
  if (pubobjects.length === 0 && options !== undefined) return []
  const tables = pubobjects.flatMap((item) =>
    'PublicationObjSpec' in item && item.PublicationObjSpec.pubtable
      ? [shown(refOf(item.PublicationObjSpec.pubtable.relation))]
      : [],
  )
  if (action === 'AP_DropObjects') {
    return [
      { object: pubname, message: `Whoever subscribes to ${pubname} gets nothing of ${listed(tables)} any more.` },
    ]
  }
  if (action !== 'AP_SetObjects') return []
  return [{ object: pubname, message: `Whoever subscribes to ${pubname} gets only ${listed(tables)} from now on.` }]
}
