import type { Node } from '../../sql/parser.ts'
import type { Hazard, Report } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import { alterations, listed, optionOf, refOf, refOfNames, shown, type NodeOf } from '../tree.ts'

/** Changes of who may see and do what. */
export const access: Hazard = {
  id: 'H46',
  code: 'access_widened',
  title: 'access widened: row-level security off, an open policy, a broad grant, SECURITY DEFINER, dynamic SQL',
  severity: 'P1',
  why: 'One such line shows rows of every tenant, or lets a caller act with the rights of an owner; no test of the application notices.',
  remedy:
    'Grant single privileges to single roles, tie each policy to the tenant, and give each SECURITY DEFINER function SET search_path.',
  silence:
    'For policies of which a restrictive one or a condition limits the rows, for SECURITY DEFINER with a fixed search_path, and for names that dynamic SQL quotes.',
  needs: ['S', 'C'],
  detect({ node, text }, scene) {
    if ('CreatePolicyStmt' in node) return policy(node.CreatePolicyStmt)
    if ('GrantStmt' in node) return grant(node.GrantStmt)
    if ('CreateFunctionStmt' in node) return routine(node.CreateFunctionStmt, text)
    if ('AlterRoleStmt' in node || 'CreateRoleStmt' in node) return role(node)
    return rowSecurity(node, scene)
  },
}

const remedies = {
  rowSecurity: 'Leave it on, and write a policy for whoever needs more rows.',
  policy: 'Tie the policy to the tenant or the user.',
  grant: 'Grant single privileges to single roles.',
  definer: 'Add SET search_path to the function.',
  dynamic: 'Use format with %I and %L, and USING for values.',
  role: 'Write policies for the role instead.',
}

function rowSecurity(node: Node, scene: Scene): Report[] {
  return alterations(node, 'AT_DisableRowSecurity', 'AT_NoForceRowSecurity').flatMap(({ table, command }): Report[] => {
    const object = shown(table)
    if (scene.isNew(table)) return []
    return command.subtype === 'AT_DisableRowSecurity'
      ? [
          {
            object,
            severity: 'P0',
            message: `Every role that may read ${object} sees all of its rows from now on.`,
            remedy: remedies.rowSecurity,
          },
        ]
      : [{ object, message: `The owner of ${object} sees all of its rows from now on.`, remedy: remedies.rowSecurity }]
  })
}

function policy({
  policy_name: name = '',
  table,
  permissive,
  qual,
  with_check: check,
}: NodeOf<'CreatePolicyStmt'>): Report[] {
  const isTrue = (condition: Node | undefined) =>
    condition !== undefined && 'A_Const' in condition && condition.A_Const.boolval?.boolval === true
  if (!permissive || (!isTrue(qual) && !isTrue(check))) return []
  return [
    {
      object: name,
      message: `The policy ${name} lets its roles at every row of ${shown(refOf(table))}.`,
      remedy: remedies.policy,
    },
  ]
}

function grant({
  is_grant: isGrant,
  privileges,
  objects = [],
  grantees = [],
  objtype,
  grant_option: passesOn,
}: NodeOf<'GrantStmt'>): Report[] {
  if (!isGrant) return []
  const toAll = grantees.some((item) => 'RoleSpec' in item && item.RoleSpec.roletype === 'ROLESPEC_PUBLIC')
  const names = objects.flatMap((item) =>
    'RangeVar' in item ? [shown(refOf(item.RangeVar))] : 'String' in item ? [item.String.sval ?? ''] : [],
  )
  const on = names.length === 0 ? 'this' : listed(names)
  const object = names.length === 0 ? undefined : on
  if (toAll) return [{ object, message: `Every role gets privileges on ${on}.`, remedy: remedies.grant }]
  if (passesOn)
    return [
      {
        object,
        severity: 'P2',
        message: `The role may pass its privileges on ${on} on to others.`,
        remedy: remedies.grant,
      },
    ]
  if (privileges !== undefined || objtype !== 'OBJECT_TABLE') return []
  return [
    {
      object,
      severity: 'P2',
      message: `All privileges on ${on} are granted, TRUNCATE and TRIGGER among them.`,
      remedy: remedies.grant,
    },
  ]
}

function routine({ funcname, options }: NodeOf<'CreateFunctionStmt'>, text: string): Report[] {
  const object = shown(refOfNames(funcname))
  const security = optionOf(options, 'security')
  const isDefiner = security !== undefined && 'Boolean' in security && security.Boolean.boolval === true
  const hasPath = (options ?? []).some((item) => {
    const arg = 'DefElem' in item && item.DefElem.defname === 'set' ? item.DefElem.arg : undefined
    return arg !== undefined && 'VariableSetStmt' in arg && arg.VariableSetStmt.name === 'search_path'
  })
  const definer: Report[] =
    isDefiner && !hasPath
      ? [
          {
            object,
            message: `${object} runs with its owner's rights, and its caller decides by search_path what its names mean.`,
            remedy: remedies.definer,
          },
        ]
      : []
  // A name put into a statement as it is; format with %I or %L, and quote_ident and quote_literal, are what it should be.
  const dynamic = /\bexecute\s+(?!function\b|procedure\b|format\s*\()[^;]*\|\|[^;]*/i.exec(text)?.[0]
  const isQuoted = dynamic === undefined || /\bquote_(?:ident|literal|nullable)\b/i.test(dynamic)
  const injected: Report[] = isQuoted
    ? []
    : [
        {
          object,
          severity: 'P2',
          message: `${object} executes SQL that it puts together from parts that are not quoted.`,
          remedy: remedies.dynamic,
        },
      ]
  return [...definer, ...injected]
}

function role(node: Node): Report[] {
  const [name, options] =
    'AlterRoleStmt' in node
      ? [node.AlterRoleStmt.role?.rolename ?? '', node.AlterRoleStmt.options]
      : 'CreateRoleStmt' in node
        ? [node.CreateRoleStmt.role ?? '', node.CreateRoleStmt.options]
        : []
  const powers = ['superuser', 'bypassrls'].filter((power) => {
    const value = optionOf(options, power)
    return value !== undefined && 'Boolean' in value && value.Boolean.boolval === true
  })
  if (powers.length === 0) return []
  return [
    {
      object: name,
      message: `The role ${name} gets ${listed(powers.map((power) => power.toUpperCase()))}: no policy binds it.`,
      remedy: remedies.role,
    },
  ]
}
