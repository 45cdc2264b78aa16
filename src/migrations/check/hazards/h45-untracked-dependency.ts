import type { Catalog } from '../../../catalog/catalog.ts'
import type { Hazard, Report } from '../hazard.ts'
import { dropped, listed, refOfNames, shown, stringsOf, type NodeOf } from '../tree.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'

/** Changes of what other things use without PostgreSQL knowing. */
export const untrackedDependency: Hazard = {
  id: 'H45',
  code: 'untracked_dependency',
  title: 'a function, view or extension changed that others use unseen',
  severity: 'P2',
  why: 'PostgreSQL does not know what the bodies of functions and the programs outside use, so dropping it succeeds and they fail later. Indexes and checks keep what a replaced function said before.',
  remedy:
    'Search for its name in functions and programs first; upgrade an extension in a migration of its own, tried on a copy.',
  silence: 'For what is new, and where the same file makes it again.',
  needs: ['S', 'C'],
  detect(statement, scene) {
    const { node } = statement
    if ('AlterExtensionStmt' in node) {
      const { extname = '' } = node.AlterExtensionStmt
      return [{ object: extname, message: `The upgrade of ${extname} changes objects that no migration names.` }]
    }
    if ('CreateFunctionStmt' in node) return replaced(node.CreateFunctionStmt, scene)
    const extensions = dropped(node, 'OBJECT_EXTENSION').map((one): Report => {
      const message = `Whatever uses a function or type of ${one.name} fails from now on.`
      return { object: one.name, severity: 'P1', message }
    })
    const others = [
      ...dropped(node, 'OBJECT_FUNCTION'),
      ...dropped(node, 'OBJECT_PROCEDURE'),
      ...dropped(node, 'OBJECT_ROUTINE'),
      ...dropped(node, 'OBJECT_VIEW'),
    ]
      .filter((object) => !scene.isNewObject(object) && !isMadeAgain(statement, scene, object.name))
      .map((object): Report => ({
        object: shown(object),
        message: `Whatever calls or reads ${shown(object)} fails from now on, and PostgreSQL does not know what does.`,
      }))
    return [...extensions, ...others]
  },
}

function isMadeAgain(statement: SeenStatement, { statements }: Scene, name: string): boolean {
  return statements.slice(statements.indexOf(statement)).some(({ node }) => {
    if ('ViewStmt' in node) return node.ViewStmt.view?.relname === name
    return 'CreateFunctionStmt' in node && stringsOf(node.CreateFunctionStmt.funcname).at(-1) === name
  })
}

function replaced({ replace, funcname }: NodeOf<'CreateFunctionStmt'>, { catalog }: Scene): Report[] {
  if (!replace || catalog === undefined) return []
  const ref = refOfNames(funcname)
  if (!catalog.routines.some(({ name }) => name === ref.name)) return []
  const users = usersOf(ref.name, catalog)
  if (users.length === 0) return []
  const message = `${listed(users)} ${users.length === 1 ? 'keeps' : 'keep'} what ${shown(ref)} said before; rows there are not looked at again.`
  return [{ object: shown(ref), severity: 'P1', message }]
}

function usersOf(name: string, { tables }: Catalog): string[] {
  const call = new RegExp(`(?<![\\w"])"?${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?\\(`)
  return tables.flatMap(({ name: table, indexes, constraints, columns }) => [
    ...indexes
      .filter(({ definition }) => definition !== null && call.test(definition))
      .map((one) => `The index ${one.name}`),
    ...constraints
      .filter((one) => one.kind === 'check' && call.test(one.definition))
      .map((one) => `The check ${one.name}`),
    ...columns
      .filter(({ generated }) => generated && call.test(generated.expression))
      .map((one) => `The column ${table}.${one.name}`),
  ])
}
