import { describe, expect, test } from 'vitest'
import { emptyCatalog, objectKey } from '../../../catalog/catalog.ts'
import type { AuditFinding } from '../../audit-finding.ts'
import { affectedTables, readKey } from './affected.ts'

function finding(kind: AuditFinding['kind'], key: string): AuditFinding {
  const severity = 'P1'
  return {
    code: 'x',
    severity,
    message: '',
    remedy: '',
    kind,
    objectKey: key,
    migration: null,
    query: null,
    repair: [],
  }
}

describe('affected tables', () => {
  test('the identity of an object is read back, whatever its names hold', () => {
    for (const path of [
      ['public', 'runs', 'id'],
      ['a.b', 'c"d', 'E f'],
      ['_x', '"', '.'],
      ['public', '日本', '\n'],
    ]) {
      expect(readKey(objectKey('column', path))).toEqual({ kind: 'column', path })
    }
    expect(readKey('')).toEqual({ kind: '', path: [] })
  })

  test('a missing table is among them, once, with its findings', () => {
    const findings = [
      finding('missing', 'table public.runs'),
      finding('missing', 'sequence public.runs'),
      finding('missing', 'column public."runs.old".id'),
    ]
    expect(affectedTables(emptyCatalog('postgres'), findings)).toEqual([
      { schema: 'public', name: 'runs', table: null, worst: 'P1', findings: [0], columns: new Map(), missing: [] },
    ])
  })
})
