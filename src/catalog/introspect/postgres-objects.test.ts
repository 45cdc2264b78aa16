import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, postgresVersions } from '../../../test/harness/engines.ts'
import { type Database, openDatabase, type Session, sql } from '../../database/database.ts'
import { type Catalog, findView, introspect, type ObjectName } from '../catalog.ts'
import { column, createEverything } from '../../../test/harness/everything.ts'

const targets = [
  ...postgresVersions.map(({ version, freshUrl }) => ({ name: `PostgreSQL ${version}`, freshUrl })),
  ...engines.filter(({ name }) => name === 'pglite'),
]

const catalogs = new Map<string, Catalog>()

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
    catalog = await introspect(session, 'postgres', { excludeSchemas: ['hidden'] })
    catalogs.set(target.name, await introspect(session, 'postgres', { excludeSchemas: ['later'] }))
  })
  afterAll(async () => {
    await session.close()
    await database.close()
  })

  const app = (name: string): ObjectName => ({ schema: 'app', name })
  const ofApp = <Item extends ObjectName>(items: readonly Item[]): Item[] =>
    items.filter(({ schema }) => schema === 'app')

  test('the schemas that are wanted, with their owners, comments and grants', () => {
    expect(catalog.schemas.map(({ name }) => name)).toEqual(['a"b', 'app', 'later', 'public'])
    expect(catalog.schemas[1]).toEqual({
      name: 'app',
      owner: 'catalog_owner',
      comment: "The application's",
      grants: [{ grantee: 'catalog_reader', privileges: ['usage'], grantOption: false }],
    })
    expect(catalog.tables.filter(({ schema }) => schema === 'hidden')).toEqual([])
  })

  test('the extensions, and nothing that belongs to them', () => {
    expect(catalog.extensions).toEqual([
      { name: 'hstore', version: expect.stringMatching(/^1\./), schema: 'public', comment: expect.any(String) },
      { name: 'pg_trgm', version: expect.stringMatching(/^1\./), schema: 'app', comment: expect.any(String) },
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog', comment: 'PL/pgSQL procedural language' },
    ])
    const names = catalog.routines.map(({ schema, name }) => `${schema}.${name}`)
    expect(names).toEqual(['a"b.f(x)', 'app.audit', 'app.longest', 'app.tidy', 'app.total', 'app.total', 'app.touch'])
    expect(catalog.types.filter(({ schema }) => schema === 'public')).toEqual([])
  })

  test('no temporary table', () => {
    expect(catalog.tables.filter(({ name }) => name === 'session_only')).toEqual([])
  })

  test('views and materialized views', () => {
    const open = findView(catalog, app('open_runs'))!
    expect(open).toMatchObject({
      kind: 'view',
      comment: 'Not done',
      options: { check_option: 'local', security_barrier: 'true' },
      grants: [{ grantee: 'public', privileges: ['select'], grantOption: false }],
      populated: true,
    })
    expect(open.definition).toContain('FROM app.runs')
    expect(open.columns).toEqual([
      column('id', 'bigint'),
      column('title', 'text', { comment: 'As shown', default: "'none'::text" }),
    ])
    expect(open.triggers.map(({ name, timing, events }) => ({ name, timing, events }))).toEqual([
      { name: 'open_runs_insert', timing: 'instead_of', events: ['insert'] },
    ])
    const counts = findView(catalog, app('counts'))!
    expect(counts).toMatchObject({ kind: 'materialized', populated: false })
    expect(counts.indexes.map(({ name, unique }) => ({ name, unique }))).toEqual([{ name: 'counts_key', unique: true }])
  })

  test('sequences, those of identity columns marked', () => {
    const grants: unknown[] = []
    const base = {
      owner: 'postgres',
      comment: null,
      persistence: 'permanent',
      cycle: false,
      cache: '1',
      minimum: '1',
      grants,
    }
    expect(ofApp(catalog.sequences)).toEqual([
      {
        ...base,
        ...app('runs_id_seq'),
        type: 'bigint',
        start: '7',
        increment: '2',
        maximum: '9223372036854775807',
        ownedBy: { table: app('runs'), column: 'id' },
        identity: true,
      },
      {
        ...base,
        ...app('runs_legacy_seq'),
        type: 'integer',
        start: '1',
        increment: '1',
        maximum: '2147483647',
        ownedBy: { table: app('runs'), column: 'legacy' },
        identity: false,
      },
      {
        ...base,
        ...app('ticket'),
        comment: 'Tickets',
        type: 'bigint',
        start: '1000',
        increment: '5',
        minimum: '10',
        maximum: '9223372036854775807',
        cache: '20',
        cycle: true,
        ownedBy: null,
        identity: false,
        grants: [{ grantee: 'catalog_reader', privileges: ['usage'], grantOption: false }],
      },
    ])
  })

  test('enums, domains, composite types and ranges', () => {
    const everybody = [{ grantee: 'public', privileges: ['usage'], grantOption: false }]
    const base = { owner: 'postgres', comment: null, grants: everybody }
    const check = { kind: 'check', validated: true, comment: null }
    expect(ofApp(catalog.types)).toEqual([
      {
        kind: 'domain',
        ...app('email'),
        ...base,
        base: 'text',
        nullable: false,
        default: "'nobody'::text",
        collation: '"C"',
        constraints: [
          ...(major < 17
            ? []
            : [{ ...check, kind: 'not_null', name: 'email_not_null', expression: null, definition: 'NOT NULL' }]),
          {
            ...check,
            name: 'has_at',
            expression: "(VALUE ~~ '%@%'::text)",
            comment: 'Not a full check',
            definition: "CHECK ((VALUE ~~ '%@%'::text))",
          },
          {
            ...check,
            name: 'lower_case',
            expression: '(VALUE = lower(VALUE))',
            validated: false,
            definition: 'CHECK ((VALUE = lower(VALUE))) NOT VALID',
          },
          {
            ...check,
            name: 'short',
            expression: '(length(VALUE) < 100)',
            definition: 'CHECK ((length(VALUE) < 100))',
          },
        ],
      },
      {
        kind: 'range',
        ...app('float_range'),
        ...base,
        subtype: 'double precision',
        operatorClass: null,
        collation: null,
        canonical: null,
        difference: { schema: 'pg_catalog', name: 'float8mi' },
        multirange: major < 14 ? null : app('float_multirange'),
      },
      {
        kind: 'enum',
        ...app('mood'),
        ...base,
        comment: 'How it went',
        labels: ['sad', 'ok', 'fine', 'happy'],
        grants: [{ grantee: 'catalog_reader', privileges: ['usage'], grantOption: true }],
      },
      {
        kind: 'composite',
        ...app('point3'),
        ...base,
        attributes: [
          column('x', 'double precision'),
          column('y', 'numeric(8,2)'),
          column('label', 'text', { collation: '"C"' }),
        ],
      },
    ])
  })

  test('functions, procedures and aggregates', () => {
    const everybody = [{ grantee: 'public', privileges: ['execute'], grantOption: false }]
    const routines = ofApp(catalog.routines)
    expect(routines.map(({ kind, name, argumentTypes, result }) => ({ kind, name, argumentTypes, result }))).toEqual([
      { kind: 'function', name: 'audit', argumentTypes: [], result: 'event_trigger' },
      { kind: 'aggregate', name: 'longest', argumentTypes: ['text'], result: 'text' },
      { kind: 'procedure', name: 'tidy', argumentTypes: ['integer'], result: null },
      { kind: 'function', name: 'total', argumentTypes: ['integer', 'text'], result: 'record' },
      { kind: 'function', name: 'total', argumentTypes: ['integer[]'], result: 'integer' },
      { kind: 'function', name: 'touch', argumentTypes: [], result: 'trigger' },
    ])
    expect(routines[3]).toMatchObject({
      arguments: "integer, text DEFAULT 'x'::text, OUT a integer, OUT b text",
      volatility: 'stable',
      strict: true,
      parallel: 'safe',
      securityDefiner: false,
      grants: everybody,
    })
    expect(routines[4]).toEqual({
      kind: 'function',
      ...app('total'),
      owner: 'postgres',
      comment: 'Adds up',
      argumentTypes: ['integer[]'],
      identityArguments: 'VARIADIC numbers integer[]',
      arguments: 'VARIADIC numbers integer[]',
      result: 'integer',
      language: 'sql',
      volatility: 'immutable',
      strict: false,
      securityDefiner: true,
      leakproof: true,
      parallel: 'unsafe',
      settings: { search_path: 'app, pg_temp', work_mem: '8MB' },
      definition:
        'CREATE OR REPLACE FUNCTION app.total(VARIADIC numbers integer[])\n RETURNS integer\n LANGUAGE sql\n' +
        " IMMUTABLE SECURITY DEFINER LEAKPROOF\n SET search_path TO 'app', 'pg_temp'\n SET work_mem TO '8MB'\n" +
        'AS $function$ select 1 $function$\n',
      grants: [{ grantee: 'catalog_reader', privileges: ['execute'], grantOption: false }],
    })
  })

  test('an aggregate as a statement that makes the same one', async () => {
    const [before] = catalog.routines.filter(({ name }) => name === 'longest')
    await session.script(`drop aggregate app.longest(text); ${before!.definition}`)
    const again = await introspect(session, 'postgres', { schemas: ['app'] })
    expect(again.routines.filter(({ name }) => name === 'longest')).toEqual([before])
  })

  test('statistics, collations, event triggers and publications', () => {
    expect(catalog.statistics).toEqual([
      {
        ...app('runs_statistics'),
        owner: 'postgres',
        comment: 'They go together',
        table: app('runs'),
        kinds: ['ndistinct', 'dependencies'],
        columns: ['tenant_id', 'mood'],
        target: 300,
        definition: 'CREATE STATISTICS app.runs_statistics (ndistinct, dependencies) ON tenant_id, mood FROM app.runs',
      },
    ])
    expect(catalog.collations).toEqual([
      {
        ...app('any_case'),
        owner: 'postgres',
        comment: null,
        provider: 'icu',
        deterministic: false,
        locale: 'und',
      },
    ])
    expect(catalog.eventTriggers).toEqual([
      {
        name: 'audit_ddl',
        owner: 'postgres',
        comment: null,
        event: 'ddl_command_end',
        tags: ['CREATE TABLE', 'DROP TABLE'],
        function: app('audit'),
        enabled: 'disabled',
      },
    ])
    const whole = (name: string) => ({ table: app(name), columns: null, where: null })
    expect(catalog.publications[0]).toEqual({
      name: 'changes',
      owner: 'postgres',
      comment: null,
      allTables: false,
      events: ['insert', 'update'],
      viaRoot: false,
      tables: [whole('base'), whole('derived'), whole('tenants')],
      schemas: [],
    })
  })

  test('the same to a role without any privilege', async () => {
    const before = await introspect(session, 'postgres')
    const after = await session.transaction(async (tx) => {
      await tx.query(sql`set local role catalog_reader`)
      return introspect(tx, 'postgres')
    })
    expect(after).toEqual(before)
  })
})

describe('The catalog of the same statements', () => {
  test.each(targets)('is on $name that of PostgreSQL 18, but for what versions are known to differ in', ({ name }) => {
    const expected = catalogs.get('PostgreSQL 18')!
    expect(withoutVersion(catalogs.get(name)!)).toEqual(withoutVersion(expected))
  })

  test('is the same on PostgreSQL 18 and on PGlite in all', () => {
    const [native, embedded] = ['PostgreSQL 18', 'pglite'].map((name) => catalogs.get(name)!)
    expect(embedded).toEqual(native)
  })

  test('is the same once written as JSON and read back', () => {
    const catalog = catalogs.get('PostgreSQL 18')
    expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog)
  })
})

/** What versions differ in, all of it: whatever else differs is a defect. */
function withoutVersion(catalog: Catalog): Catalog {
  return {
    ...catalog,
    // 15 took CREATE on public from everybody, and gave the schema to a role of its own.
    schemas: catalog.schemas.filter(({ name }) => name !== 'public'),
    extensions: catalog.extensions.map((extension) => ({ ...extension, version: '' })),
    types: catalog.types.map((type) => {
      // Domains have named NOT NULL constraints from 17 on, ranges have multiranges from 14 on.
      if (type.kind === 'range') return { ...type, multirange: null }
      if (type.kind !== 'domain') return type
      return { ...type, constraints: type.constraints.filter(({ kind }) => kind === 'check') }
    }),
    tables: catalog.tables.map((table) => ({
      ...table,
      // Tables have named NOT NULL constraints from 18 on, and MAINTAIN is a privilege from 17 on.
      constraints: table.constraints.filter(({ kind }) => kind !== 'not_null'),
      grants: table.grants.map((grant) => ({
        ...grant,
        privileges: grant.privileges.filter((privilege) => privilege !== 'maintain'),
      })),
    })),
    // 16 stopped qualifying columns where there is one table only.
    views: catalog.views.map((view) => ({ ...view, definition: view.definition.replaceAll('runs.', '') })),
    // 14 began to print IN for a procedure's arguments.
    routines: catalog.routines.map((routine) => ({
      ...routine,
      definition: routine.definition.replace('(IN ', '('),
      arguments: routine.arguments.replace(/^IN /, ''),
      identityArguments: routine.identityArguments.replace(/^IN /, ''),
    })),
    publications: catalog.publications.filter(({ name }) => !name.startsWith('later')),
  }
}
