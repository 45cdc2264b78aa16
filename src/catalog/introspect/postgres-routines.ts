import { id, sql } from '../../database/sql.ts'
import type { Routine } from '../schema-object.ts'
import { aclEntries, readGrants } from './postgres-grants.ts'
import {
  comment,
  inScope,
  independent,
  type JsonList,
  nameOf,
  type ObjectRow,
  readSettings,
  type Scope,
} from './postgres-scope.ts'

/** A function of any kind. */
export interface RoutineRow extends ObjectRow {
  readonly kind: keyof typeof kinds
  readonly argumentTypes: JsonList<string>
  readonly identityArguments: string
  readonly arguments: string
  readonly result: string | null
  readonly language: string
  readonly volatility: keyof typeof volatilities
  readonly strict: boolean
  readonly securityDefiner: boolean
  readonly leakproof: boolean
  readonly parallel: keyof typeof parallels
  readonly settings: JsonList<string>
  readonly definition: string | null
  readonly aggregate: JsonList<string>
}

const kinds = { f: 'function', p: 'procedure', a: 'aggregate', w: 'window' } as const
const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const
const parallels = { s: 'safe', r: 'restricted', u: 'unsafe' } as const

// PostgreSQL prints no CREATE AGGREGATE; these are its clauses.
const aggregateClauses = sql`(
  select json_agg(clause.name || ' = ' || clause.value order by clause.place)
  from (values
    (1, 'sfunc', g.aggtransfn::regproc::text),
    (2, 'stype', format_type(g.aggtranstype, null)),
    (3, 'sspace', nullif(g.aggtransspace, 0)::text),
    (4, 'finalfunc', nullif(g.aggfinalfn, 0)::regproc::text),
    (5, 'finalfunc_extra', case when g.aggfinalextra then 'true' end),
    (6, 'finalfunc_modify', case g.aggfinalmodify when 's' then 'shareable' when 'w' then 'read_write' end),
    (7, 'combinefunc', nullif(g.aggcombinefn, 0)::regproc::text),
    (8, 'serialfunc', nullif(g.aggserialfn, 0)::regproc::text),
    (9, 'deserialfunc', nullif(g.aggdeserialfn, 0)::regproc::text),
    (10, 'initcond', quote_literal(g.agginitval)),
    (11, 'msfunc', nullif(g.aggmtransfn, 0)::regproc::text),
    (12, 'minvfunc', nullif(g.aggminvtransfn, 0)::regproc::text),
    (13, 'mstype', case when g.aggmtranstype <> 0 then format_type(g.aggmtranstype, null) end),
    (14, 'msspace', nullif(g.aggmtransspace, 0)::text),
    (15, 'mfinalfunc', nullif(g.aggmfinalfn, 0)::regproc::text),
    (16, 'mfinalfunc_extra', case when g.aggmfinalextra then 'true' end),
    (17, 'mfinalfunc_modify', case g.aggmfinalmodify when 's' then 'shareable' when 'w' then 'read_write' end),
    (18, 'minitcond', quote_literal(g.aggminitval)),
    (19, 'sortop', (select format('operator(%I.%s)', n.nspname, o.oprname)
      from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where o.oid = g.aggsortop)),
    (20, 'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end),
    (21, 'hypothetical', case when g.aggkind = 'h' then 'true' end)
  ) as clause (place, name, value)
  where clause.value is not null)`

/** Functions, procedures and aggregates; not those that a range type brings along. */
export async function readRoutines(scope: Scope): Promise<RoutineRow[]> {
  const rows = await scope.db.query<RoutineRow>(sql`
    select p.pronamespace::int8 as namespace, p.proname::text as name, p.prokind::text as kind,
      pg_get_userbyid(p.proowner)::text as owner, ${comment('pg_proc', sql`p.oid`)} as comment,
      (select json_agg(format_type(t.type, null) order by t.place)
        from unnest(p.proargtypes::oid[]) with ordinality as t (type, place)) as "argumentTypes",
      pg_get_function_identity_arguments(p.oid) as "identityArguments", pg_get_function_arguments(p.oid) as arguments,
      pg_get_function_result(p.oid) as result, l.lanname::text as language, p.provolatile::text as volatility,
      p.proisstrict as strict, p.prosecdef as "securityDefiner", p.proleakproof as leakproof,
      p.proparallel::text as parallel, to_json(p.proconfig) as settings,
      case when g.aggfnoid is null then pg_get_functiondef(p.oid) end as definition,
      case when g.aggfnoid is not null then ${aggregateClauses} end as aggregate,
      ${aclEntries(sql`p.proacl`)} as acl
    from pg_proc p
      join pg_language l on l.oid = p.prolang
      left join pg_aggregate g on g.aggfnoid = p.oid
    where ${inScope(scope, sql`p.pronamespace`)} and ${independent('pg_proc', sql`p.oid`)}`)
  // One that has been dropped since the snapshot was taken cannot be printed any more.
  return rows.filter(({ definition, aggregate }) => definition !== null || aggregate !== null)
}

/** A routine as the catalog has it. */
export function toRoutine(scope: Scope, row: RoutineRow): Routine {
  const { owner, comment, identityArguments, result, language, strict, securityDefiner, leakproof } = row
  return {
    kind: kinds[row.kind],
    ...nameOf(scope, row),
    owner,
    comment,
    argumentTypes: row.argumentTypes ?? [],
    identityArguments,
    arguments: row.arguments,
    result,
    language,
    volatility: volatilities[row.volatility],
    strict,
    securityDefiner,
    leakproof,
    parallel: parallels[row.parallel],
    settings: readSettings(row.settings),
    definition: row.definition ?? createAggregate(scope, row),
    grants: readGrants(row.acl, 'f', owner, scope.privileges),
  }
}

function createAggregate(scope: Scope, row: RoutineRow): string {
  const { schema, name } = nameOf(scope, row)
  const target = id(schema, name).inline('postgres')
  return `CREATE AGGREGATE ${target}(${row.arguments || '*'}) (\n  ${(row.aggregate ?? []).join(',\n  ')}\n)`
}
