import { expect, test } from 'vitest'
import type { Catalog } from '../catalog/catalog.ts'
import { withoutOwner } from '../shadow/shadow.ts'
import { ownersAsExpected } from './owners-as-expected.ts'

function catalogOf(owner: string, roles: Readonly<Record<string, readonly string[]>>): Catalog {
  const policies = Object.entries(roles).map(([name, named]) => ({ name, roles: named }))
  const tables = [{ schema: 'public', name: 'notes', owner, policies }]
  return { types: [], sequences: [], views: [], tables } as unknown as Catalog
}

test('a policy for whoever migrates is the same on a database where that role has another name, and no other one is', () => {
  const shadow = withoutOwner(catalogOf('postgres', { own: ['postgres'], app: ['app'] }), 'postgres')
  const same = catalogOf('maria', { own: ['maria'], app: ['app'] })
  expect(ownersAsExpected(same, shadow)).toEqual(shadow)
  const wrong = ownersAsExpected(catalogOf('maria', { own: ['app'], app: ['maria'] }), shadow)
  expect(wrong.tables[0]?.policies.map(({ roles }) => roles)).toEqual([['app'], ['maria']])
})
