import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from '../../database/database.ts'
import {
  type Catalog,
  type Constraint,
  findTable,
  findView,
  type Index,
  introspect,
  type ObjectName,
  type Table,
  type Trigger,
} from '../catalog.ts'
import { column, createEverything, indexKey } from '../../../test/harness/everything.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

describe.each(targets)('On $name, the catalog of everything.sql has', (target) => {
  let database: Database
  let session: Session
  let catalog: Catalog
  let major: number

  beforeAll(async () => {
    database = await openDatabase(await target.freshUrl())
    session = await database.session()
    major = database.server.major
    await createEverything(session, major)
    catalog = await introspect(session, 'postgres')
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const app = (name: string): ObjectName => ({ schema: 'app', name })
  const table = (name: string, schema = 'app'): Table => findTable(catalog, { schema, name }) as Table
  const constraint = (name: string, of: Table): Constraint => of.constraints.find((each) => each.name === name)!
  const index = (name: string, of: Pick<Table, 'indexes'>): Index => of.indexes.find((each) => each.name === name)!

  test('columns with their exact types, defaults, and the rest', () => {
    expect(table('tenants').columns).toEqual([
      column('id', 'uuid', { nullable: false }),
      column('name', 'character varying(40)', {
        nullable: false,
        comment: 'Shown to people',
        grants: [{ grantee: 'catalog_reader', privileges: ['update'], grantOption: false }],
      }),
      column('note', 'text', {
        default: "('a'::text || 'b'::text)",
        collation: '"C"',
        storage: 'external',
        statistics: 500,
        options: { n_distinct: '-0.5' },
        grants: [{ grantee: 'catalog_reader', privileges: ['update'], grantOption: false }],
      }),
      column('since', 'timestamp with time zone', {
        nullable: false,
        default: "'2024-01-02 03:04:05+00'::timestamp with time zone",
      }),
    ])
    expect(table('runs').columns).toEqual([
      column('id', 'bigint', { nullable: false, identity: { kind: 'always', sequence: app('runs_id_seq') } }),
      column('legacy', 'integer', { nullable: false, default: "nextval('app.runs_legacy_seq'::regclass)" }),
      column('tenant_id', 'uuid', { nullable: false }),
      column('parent_id', 'bigint'),
      column('title', 'text'),
      column('mood', 'app.mood', { default: "'ok'::app.mood" }),
      column('contact', 'app.email'),
      column('during', 'tstzrange'),
      column('tags', 'text[]', { nullable: false, default: "'{}'::text[]" }),
      column('words', 'integer', { generated: { storage: 'stored', expression: '(length(title) + 1)' } }),
    ])
  })

  test('the constraints of every kind', () => {
    const runs = table('runs')
    const base = {
      validated: true,
      deferrable: 'no',
      enforced: true,
      triggersEnabled: true,
      inherited: false,
      comment: null,
    }
    expect(runs.constraints.filter(({ kind }) => kind !== 'not_null')).toEqual([
      {
        kind: 'check',
        ...base,
        name: 'runs_late_check',
        validated: false,
        definition: 'CHECK ((words > 0)) NOT VALID',
        columns: ['words'],
        expression: '(words > 0)',
        noInherit: false,
      },
      {
        kind: 'exclusion',
        ...base,
        name: 'runs_no_overlap',
        definition: 'EXCLUDE USING gist (during WITH &&) WHERE ((parent_id IS NULL))',
        operators: ['&&'],
        index: 'runs_no_overlap',
      },
      {
        kind: 'foreign_key',
        ...base,
        name: 'runs_parent_fkey',
        deferrable: 'immediate',
        definition:
          'FOREIGN KEY (tenant_id, parent_id) REFERENCES app.runs(tenant_id, id) MATCH FULL ON DELETE CASCADE DEFERRABLE',
        columns: ['tenant_id', 'parent_id'],
        references: { schema: 'app', name: 'runs', columns: ['tenant_id', 'id'] },
        match: 'full',
        onUpdate: 'no_action',
        onDelete: 'cascade',
        onDeleteColumns: [],
        period: false,
      },
      {
        kind: 'primary_key',
        ...base,
        name: 'runs_pkey',
        definition: 'PRIMARY KEY (tenant_id, id) INCLUDE (title)',
        columns: ['tenant_id', 'id'],
        include: ['title'],
        withoutOverlaps: false,
        index: 'runs_pkey',
      },
      {
        kind: 'foreign_key',
        ...base,
        name: 'runs_tenant_fkey',
        definition: 'FOREIGN KEY (tenant_id) REFERENCES app.tenants(id) ON UPDATE RESTRICT ON DELETE SET DEFAULT',
        columns: ['tenant_id'],
        references: { schema: 'app', name: 'tenants', columns: ['id'] },
        match: 'simple',
        onUpdate: 'restrict',
        onDelete: 'set_default',
        onDeleteColumns: [],
        period: false,
      },
      {
        kind: 'check',
        ...base,
        name: 'runs_title_check',
        comment: 'Titles are not empty',
        definition: "CHECK (((title <> ''::text) AND (tags IS NOT NULL))) NO INHERIT",
        columns: ['title', 'tags'],
        expression: "((title <> ''::text) AND (tags IS NOT NULL))",
        noInherit: true,
      },
    ])
    expect(constraint('tenants_name_key', table('tenants'))).toEqual({
      kind: 'unique',
      ...base,
      name: 'tenants_name_key',
      deferrable: 'deferred',
      definition: 'UNIQUE (name) DEFERRABLE INITIALLY DEFERRED',
      columns: ['name'],
      include: [],
      nullsNotDistinct: false,
      withoutOverlaps: false,
      index: 'tenants_name_key',
    })
  })

  test('indexes with their keys, and which of them serve a constraint', () => {
    const runs = table('runs')
    expect(runs.indexes.map(({ name, constraint }) => [name, constraint])).toEqual([
      ['runs_no_overlap', 'runs_no_overlap'],
      ['runs_order_idx', null],
      ['runs_pkey', 'runs_pkey'],
      ['runs_replica_key', null],
      ['runs_tags_idx', null],
      ['runs_title_key', null],
      ['runs_title_trgm_idx', null],
    ])
    expect(index('runs_title_key', runs)).toEqual({
      name: 'runs_title_key',
      method: 'btree',
      keys: [
        { ...indexKey(), kind: 'expression', expression: 'lower(title)', order: 'desc' },
        { ...indexKey(), kind: 'column', column: 'tenant_id' },
      ],
      include: ['mood'],
      unique: true,
      nullsNotDistinct: false,
      predicate: '(parent_id IS NOT NULL)',
      valid: true,
      ready: true,
      clustered: false,
      replicaIdentity: false,
      constraint: null,
      partOf: null,
      tablespace: null,
      options: {},
      comment: null,
      definition:
        'CREATE UNIQUE INDEX runs_title_key ON app.runs USING btree (lower(title) DESC NULLS LAST, tenant_id) ' +
        'INCLUDE (mood) WHERE (parent_id IS NOT NULL)',
    })
    expect(index('runs_order_idx', runs).keys).toEqual([
      {
        ...indexKey(),
        kind: 'column',
        column: 'title',
        order: 'desc',
        nulls: 'first',
        operatorClass: 'text_pattern_ops',
        collation: '"C"',
      },
      { ...indexKey(), kind: 'column', column: 'mood', nulls: 'first' },
    ])
    expect(index('runs_tags_idx', runs)).toMatchObject({
      method: 'gin',
      options: { fastupdate: 'off' },
      comment: 'For search',
    })
    expect(index('runs_title_trgm_idx', runs).keys).toEqual([
      { ...indexKey(), kind: 'column', column: 'title', operatorClass: 'app.gin_trgm_ops' },
    ])
    expect(index('runs_replica_key', runs)).toMatchObject({ clustered: true, replicaIdentity: true })
    expect(runs.replicaIdentity).toBe('index')
  })

  test('policies, and whether they bind the owner too', () => {
    expect(table('runs').rowSecurity).toEqual({ enabled: true, forced: true })
    expect(table('tenants').rowSecurity).toEqual({ enabled: false, forced: false })
    const base = { permissive: true, roles: ['public'], using: null, check: null, comment: null }
    expect(table('runs').policies).toEqual([
      {
        ...base,
        name: 'reading',
        command: 'select',
        permissive: false,
        roles: ['catalog_owner', 'catalog_reader'],
        using: '(EXISTS ( SELECT 1\n   FROM app.tenants t\n  WHERE (t.id = runs.tenant_id)))',
      },
      {
        ...base,
        name: 'tenant',
        command: 'all',
        using: "(tenant_id = (current_setting('app.tenant'::text))::uuid)",
        comment: "Only one's own",
      },
      { ...base, name: 'writing', command: 'insert', check: '(title IS NOT NULL)' },
    ])
  })

  test('triggers and rules, the disabled ones as such', () => {
    const base: Partial<Trigger> = {
      enabled: 'origin',
      constraint: false,
      inherited: false,
      columns: [],
      comment: null,
      function: app('touch'),
    }
    expect(table('runs').triggers).toEqual([
      {
        ...base,
        name: 'runs_late',
        timing: 'after',
        events: ['update'],
        level: 'row',
        constraint: true,
        definition:
          'CREATE CONSTRAINT TRIGGER runs_late AFTER UPDATE ON app.runs DEFERRABLE INITIALLY DEFERRED ' +
          'FOR EACH ROW EXECUTE FUNCTION app.touch()',
      },
      {
        ...base,
        name: 'runs_touch',
        timing: 'before',
        events: ['insert', 'update'],
        columns: ['title', 'mood'],
        level: 'row',
        enabled: 'disabled',
        comment: 'Off for now',
        definition:
          'CREATE TRIGGER runs_touch BEFORE INSERT OR UPDATE OF title, mood ON app.runs FOR EACH ROW ' +
          "WHEN ((new.title IS NOT NULL)) EXECUTE FUNCTION app.touch('a', 'b')",
      },
      {
        ...base,
        name: 'runs_truncate',
        timing: 'after',
        events: ['truncate'],
        level: 'statement',
        enabled: 'always',
        definition:
          'CREATE TRIGGER runs_truncate AFTER TRUNCATE ON app.runs FOR EACH STATEMENT EXECUTE FUNCTION app.touch()',
      },
    ])
    expect(table('tenants').rules).toEqual([
      {
        name: 'runs_keep',
        event: 'delete',
        instead: true,
        enabled: 'origin',
        comment: 'Tenants stay',
        definition: 'CREATE RULE runs_keep AS\n    ON DELETE TO app.tenants DO INSTEAD NOTHING;',
      },
    ])
  })

  test('partitions as a tree, with what they have from their table', () => {
    const events = (['events', 'events_2024', 'events_2024_one', 'events_rest'] as const).map((name) => table(name))
    expect(
      events.map(({ kind, partitionKey, partitionOf, inherits }) => ({ kind, partitionKey, partitionOf, inherits })),
    ).toEqual([
      { kind: 'partitioned', partitionKey: 'RANGE (at)', partitionOf: null, inherits: [] },
      {
        kind: 'partitioned',
        partitionKey: 'LIST (id)',
        partitionOf: { parent: app('events'), bound: "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')" },
        inherits: [],
      },
      {
        kind: 'table',
        partitionKey: null,
        partitionOf: { parent: app('events_2024'), bound: 'FOR VALUES IN (1)' },
        inherits: [],
      },
      { kind: 'table', partitionKey: null, partitionOf: { parent: app('events'), bound: 'DEFAULT' }, inherits: [] },
    ])
    expect(events.map(({ triggers }) => triggers.map(({ name, inherited }) => [name, inherited]))).toEqual([
      [['events_touch', false]],
      [['events_touch', true]],
      [['events_touch', true]],
      [['events_touch', true]],
    ])
    expect(events.map(({ constraints }) => constraints.find(({ kind }) => kind === 'primary_key')?.inherited)).toEqual([
      false,
      true,
      true,
      true,
    ])
    const one = events[2]!
    expect(one.columns.every(({ inherited }) => inherited)).toBe(true)
    expect(index('events_2024_one_pkey', one).partOf).toEqual(app('events_2024_pkey'))
    expect(index('events_2024_one_run_id_idx', one).partOf).toEqual(app('events_2024_run_id_idx'))
  })

  test('a foreign key to a partitioned table once, and not once for each partition', () => {
    expect(table('points').constraints.map(({ kind, definition }) => [kind, definition])).toEqual([
      ['foreign_key', 'FOREIGN KEY (event_id, event_at) REFERENCES app.events(id, at)'],
    ])
  })

  test('inheritance, unlogged and foreign tables, and storage options', () => {
    expect(table('derived').inherits).toEqual([app('base')])
    expect(table('derived').columns.map(({ name, inherited }) => [name, inherited])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ])
    expect(table('scratch')).toMatchObject({ persistence: 'unlogged', replicaIdentity: 'full', accessMethod: 'heap' })
    expect(table('remote')).toMatchObject({
      kind: 'foreign',
      foreign: { server: 'elsewhere', options: { table_name: 'y' } },
    })
    expect(table('remote').columns).toEqual([column('a', 'integer', { options: { column_name: 'x' } })])
    expect(table('tenants').options).toEqual({ fillfactor: '70', 'toast.autovacuum_enabled': 'false' })
  })

  test('grants, and what an owner has left after a revoke', () => {
    const maintain = major >= 17 ? ['maintain'] : []
    expect(table('tenants')).toMatchObject({ owner: 'catalog_owner', comment: 'Who rows belong to' })
    expect(table('tenants').grants).toEqual([
      {
        grantee: 'catalog_owner',
        privileges: ['delete', 'insert', ...maintain, 'references', 'select', 'trigger', 'update'],
        grantOption: false,
      },
      { grantee: 'catalog_reader', privileges: ['insert', 'select'], grantOption: false },
    ])
    expect(table('runs').grants).toEqual([])
    expect(catalog.defaultPrivileges).toEqual([
      { role: 'catalog_owner', schema: null, objects: 'functions', grants: [] },
      {
        role: 'catalog_owner',
        schema: 'app',
        objects: 'tables',
        grants: [{ grantee: 'catalog_reader', privileges: ['select'], grantOption: false }],
      },
    ])
  })

  test('names of all kinds as they are', () => {
    const hostile = table("x'; drop table y --", 'a"b')
    expect(hostile.columns.map(({ name }) => name)).toEqual(['order', 'Ünïcode 😀', 'back\\slash'])
    expect(index('i.d', hostile).keys).toEqual([{ ...indexKey(), kind: 'column', column: 'Ünïcode 😀' }])
    const [routine] = catalog.routines
    expect(routine).toMatchObject({ name: 'f(x)', argumentTypes: ['"a""b"."x\'; drop table y --"'] })
  })

  test('what newer versions have', () => {
    const later = (name: string) => findTable(catalog, { schema: 'later', name })
    if (major < 14) return expect(catalog.tables.filter(({ schema }) => schema === 'later')).toEqual([])
    expect(later('compressed')?.columns).toEqual([column('title', 'text', { compression: 'pglz' })])
    expect(later('groups')?.indexes[0]).toMatchObject({ unique: true, nullsNotDistinct: true })
    expect(later('groups')?.constraints[0]).toMatchObject({ kind: 'unique', nullsNotDistinct: true })
    expect(later('members')?.constraints[0]).toMatchObject({ onDelete: 'set_null', onDeleteColumns: ['b'] })
    expect(findView(catalog, { schema: 'later', name: 'invoked' })?.options).toEqual({ security_invoker: 'true' })
    const groups = { table: { schema: 'later', name: 'groups' }, columns: ['a'], where: '(a > 1)' }
    expect(catalog.publications.slice(1).map(({ name, tables, schemas }) => ({ name, tables, schemas }))).toEqual([
      { name: 'later_rows', tables: [groups], schemas: [] },
      { name: 'later_schema', tables: [], schemas: ['hidden'] },
    ])
    if (major < 17) return
    const sequence = { schema: 'later', name: 'numbers_id_seq' }
    expect(later('numbers')?.columns[0]?.identity).toEqual({ kind: 'always', sequence })
    expect(later('numbers_rest')?.columns[0]?.identity).toEqual({ kind: 'always', sequence })
    if (major < 18) return
    expect(later('newest')?.columns).toEqual([
      column('id', 'integer', { nullable: false }),
      column('doubled', 'integer', { generated: { storage: 'virtual', expression: '(id * 2)' } }),
      column('loose', 'integer'),
    ])
    expect(
      later('newest')?.constraints.map(({ kind, name, validated, enforced }) => [kind, name, validated, enforced]),
    ).toEqual([
      ['not_null', 'id_is_there', true, true],
      ['not_null', 'loose_is_there', false, true],
      ['primary_key', 'newest_pkey', true, true],
      ['check', 'newest_unenforced', false, false],
    ])
    expect(later('periods')?.constraints.find(({ kind }) => kind === 'primary_key')).toMatchObject({
      withoutOverlaps: true,
    })
    expect(later('period_parts')?.constraints[0]).toMatchObject({ kind: 'foreign_key', period: true })
  })

  test('a failed concurrent build and disabled constraint triggers, as what they are', async () => {
    await session.query(sql`create table app.twice (id int primary key, a int references app.twice)`)
    await session.query(sql`insert into app.twice values (1, 1), (2, 1)`)
    await expect(session.query(sql`create unique index concurrently twice_a on app.twice (a)`)).rejects.toMatchObject({
      engineCode: '23505',
    })
    await session.query(sql`alter table app.twice disable trigger all`)
    const { tables } = await introspect(session, 'postgres', { schemas: ['app'] })
    const twice = tables.find(({ name }) => name === 'twice')!
    await session.query(sql`drop table app.twice`)
    expect(index('twice_a', twice)).toMatchObject({ valid: false, ready: expect.any(Boolean) })
    expect(index('twice_pkey', twice)).toMatchObject({ valid: true, ready: true })
    expect(constraint('twice_a_fkey', twice)).toMatchObject({ validated: true, triggersEnabled: false })
  })
})
