import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/temporary-directory.ts'
import { MetastoreError } from '../errors.ts'
import { describeOrigin, describeSettings } from './origins.ts'
import { findDatabase, selectDatabases, type Project } from './project.ts'
import { readProject, type ProjectSource } from './read.ts'

async function projectOf(file: string | null, source: Partial<ProjectSource> = {}): Promise<Project> {
  const directory = temporaryDirectory()
  if (file !== null) writeFileSync(path.join(directory, 'metastore.toml'), file)
  return readProject({ directory, environment: {}, ...source })
}

function failureOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof MetastoreError) return error.toJSON()
    throw error
  }
  return undefined
}

describe('selectDatabases', () => {
  const file = '[database.jobs]\n[database.assistant]\n[database.knowledge]\n'
  const names = (project: Project, wanted?: readonly string[]) =>
    selectDatabases(project, wanted).map(({ name }) => name)

  test('gives all databases in the order of the file when none is named', async () => {
    expect(names(await projectOf(file))).toEqual(['jobs', 'assistant', 'knowledge'])
  })

  test('gives what is named, in the order of the names, each once', async () => {
    expect(names(await projectOf(file), ['knowledge', 'jobs', 'knowledge'])).toEqual(['knowledge', 'jobs'])
  })

  test('takes the names of --database when it is given none', async () => {
    const project = await projectOf(file, { flags: { database: 'assistant' } })
    expect(names(project)).toEqual(['assistant'])
    expect(names(project, [])).toEqual(['jobs', 'assistant', 'knowledge'])
  })

  test('refuses a name that is not declared, with what is and the nearest', async () => {
    const project = await projectOf(file)
    expect(failureOf(() => selectDatabases(project, ['jobs', 'asistant']))).toEqual({
      code: 'database_unknown',
      message: 'There is no database "asistant" in metastore.toml.',
      where: 'metastore.toml',
      remedy: 'Did you mean "assistant"? Declared are "jobs", "assistant", "knowledge".',
      details: [],
    })
    expect(failureOf(() => findDatabase(project, 'postgres://u:hunter2@h/d'))).toMatchObject({
      message: 'There is no database "postgres://…" in metastore.toml.',
      remedy: 'Declared are "jobs", "assistant", "knowledge".',
    })
    expect(failureOf(() => findDatabase(project, '__proto__'))).toMatchObject({ code: 'database_unknown' })
  })

  test('refuses every name but "default" where there is no file', async () => {
    const project = await projectOf(null)
    expect(findDatabase(project, 'default').name).toBe('default')
    expect(failureOf(() => findDatabase(project, 'a b'))).toEqual({
      code: 'database_unknown',
      message: 'There is no database "a b": without a metastore.toml there is only "default".',
      where: null,
      remedy: 'Leave --database out, or write a metastore.toml with a table [database."a b"].',
      details: [],
    })
  })
})

describe('describeSettings', () => {
  test('gives every setting with its value, its origin and no password', async () => {
    const file =
      '[database.a]\nurl = "postgres://u:hunter2@h:1/d"\nlock_wait = "90s"\nadmin_url = "${ADMIN}"\nseeds = ["s", "t"]\n'
    const project = await projectOf(file, {
      environment: { ADMIN: 'postgresql://admin:hunter3@h:1/d', METASTORE_ENVIRONMENT: 'production' },
      flags: { wait: '1h' },
    })
    const rows = describeSettings(project).map((row) => [
      row.setting,
      row.value,
      describeOrigin(row.origin),
      row.problem,
    ])
    expect(rows).toEqual([
      ['url', 'postgres://u@h:1/d', 'metastore.toml:2:1', null],
      ['migrations', ['migrations'], 'default', null],
      ['seeds', ['s', 't'], 'metastore.toml:5:1', null],
      ['tests', ['tests'], 'default', null],
      ['schema', 'public', 'default', null],
      ['unknown_keys', 'error', 'default', null],
      ['expose_views', true, 'default', null],
      ['models', [], 'default', null],
      ['models_tables', [], 'default', null],
      ['models_casing', null, 'default', null],
      ['generate_format', null, 'default', null],
      ['environment', 'production', 'environment METASTORE_ENVIRONMENT', null],
      ['state_schema', 'metastore', 'default', null],
      ['history_view', null, 'default', null],
      ['lock_timeout', '500ms', 'default', null],
      ['lock_deadline', '10m', 'default', null],
      ['lock_wait', '90s', 'metastore.toml:3:1', null],
      ['wait', '1h', 'flag --wait', null],
      ['bootstrap', false, 'default', null],
      ['admin_url', 'postgres://admin@h:1/d', 'metastore.toml:4:1', null],
      ['backup_command', null, 'default', null],
      ['maintenance_window', null, 'default', null],
      ['after_window', 'finish', 'default', null],
      ['max_lag', null, 'default', null],
      ['report_directory', 'reports', 'default', null],
      ['encrypted', [], 'default', null],
      ['keys_variable', 'FERNET_KEY', 'default', null],
      ['keys_file', null, 'default', null],
      ['keys_command', null, 'default', null],
      ['required_variables', [], 'default', null],
      ['tenant_column', null, 'default', null],
      ['server_host', '127.0.0.1', 'default', null],
      ['server_port', 2024, 'default', null],
      ['server_auth', 'keys', 'default', null],
      ['server_tenant', 'default', 'default', null],
      ['server_jwks', null, 'default', null],
      ['server_jwt_issuer', null, 'default', null],
      ['server_jwt_audience', null, 'default', null],
      ['server_jwt_tenant_claim', 'tenant_id', 'default', null],
      ['server_jwt_role_claim', 'role', 'default', null],
      ['server_jwt_user_claim', 'sub', 'default', null],
      ['server_cors', [], 'default', null],
      ['server_body_mb', 20, 'default', null],
      ['server_requests_per_minute', 0, 'default', null],
      ['server_connections', 10, 'default', null],
      ['server_linger', '500ms', 'default', null],
      ['server_graphs', null, 'default', null],
      ['server_embeddings_model', null, 'default', null],
      ['server_embeddings_url', null, 'default', null],
      ['server_embeddings_key_env', null, 'default', null],
      ['server_embeddings_size', 0, 'default', null],
      ['server_embeddings_fields', ['$'], 'default', null],
      ['server_webhook_secret_file', null, 'default', null],
      ['server_webhook_private', false, 'default', null],
      ['server_webhook_base', null, 'default', null],
      ['server_log', 'info', 'default', null],
    ])
  })

  test('shows a problem instead of a value, and goes on', async () => {
    const project = await projectOf('[database.a]\nurl = "${NONE}"\n[database.b]\n')
    const urls = describeSettings(project).filter(({ setting }) => setting === 'url')
    expect(urls).toEqual([
      {
        database: 'a',
        setting: 'url',
        value: null,
        origin: { from: 'file', name: null, where: 'metastore.toml:2:1' },
        problem: 'The environment variable NONE is not set, but the url of database "a" refers to it.',
      },
      {
        database: 'b',
        setting: 'url',
        value: 'pglite:.metastore/b',
        origin: { from: 'default', name: null, where: null },
        problem: null,
      },
    ])
  })

  test('can be for some of the databases only', async () => {
    const project = await projectOf('[database.a]\n[database.b]\n')
    const rows = describeSettings(project, selectDatabases(project, ['b']))
    expect(new Set(rows.map(({ database }) => database))).toEqual(new Set(['b']))
  })

  test('a URL that cannot be understood is not shown', async () => {
    const project = await projectOf('[database.a]\nurl = "hunter2:hunter2@h"\n')
    expect(JSON.stringify(describeSettings(project))).not.toContain('hunter2')
  })
})
