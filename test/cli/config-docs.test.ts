import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { checkout } from '../harness/child.ts'
import { commandLine, lines } from './command-line.ts'

describe('config', () => {
  test('shows every setting, and where its value came from', async () => {
    const line = commandLine({
      'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\nlock_wait = "2m"\n',
      '.env': 'METASTORE_WAIT=5s\n',
    })
    const environment = { METASTORE_ENVIRONMENT: 'production' }
    expect(await line.run('config --lock-timeout 1s --dirs db', { environment })).toEqual({
      status: 0,
      stdout: lines(
        'metastore.toml',
        '',
        '[database.main]',
        'url                         "sqlite:app.db"  metastore.toml:2:1',
        'migrations                  ["db"]           flag --dirs',
        'seeds                       ["seeds"]        default',
        'tests                       ["tests"]        default',
        'schema                      "public"         default',
        'unknown_keys                "error"          default',
        'expose_views                true             default',
        'models                      []               default',
        'models_tables               []               default',
        'models_casing               null             default',
        'generate_format             null             default',
        'environment                 "production"     environment METASTORE_ENVIRONMENT',
        'state_schema                "metastore"      default',
        'history_view                null             default',
        'lock_timeout                "1s"             flag --lock-timeout',
        'lock_deadline               "10m"            default',
        'lock_wait                   "2m"             metastore.toml:3:1',
        'wait                        "5s"             .env METASTORE_WAIT',
        'bootstrap                   false            default',
        'admin_url                   null             default',
        'backup_command              null             default',
        'maintenance_window          null             default',
        'after_window                "finish"         default',
        'max_lag                     null             default',
        'report_directory            "reports"        default',
        'encrypted                   []               default',
        'keys_variable               "FERNET_KEY"     default',
        'keys_file                   null             default',
        'keys_command                null             default',
        'required_variables          []               default',
        'tenant_column               null             default',
        'server_host                 "127.0.0.1"      default',
        'server_port                 2024             default',
        'server_auth                 "keys"           default',
        'server_tenant               "default"        default',
        'server_jwks                 null             default',
        'server_jwt_issuer           null             default',
        'server_jwt_audience         null             default',
        'server_jwt_tenant_claim     "tenant_id"      default',
        'server_jwt_role_claim       "role"           default',
        'server_jwt_user_claim       "sub"            default',
        'server_cors                 []               default',
        'server_body_mb              20               default',
        'server_requests_per_minute  0                default',
        'server_connections          10               default',
        'server_linger               "500ms"          default',
        'server_graphs               null             default',
        'server_embeddings_model     null             default',
        'server_embeddings_url       null             default',
        'server_embeddings_key_env   null             default',
        'server_embeddings_size      0                default',
        'server_embeddings_fields    ["$"]            default',
        'server_webhook_secret_file  null             default',
        'server_webhook_private      false            default',
        'server_webhook_base         null             default',
        'server_log                  "info"           default',
      ),
      stderr: '',
    })
  })

  test('says that a project has no file', async () => {
    const line = commandLine({ 'migrations/001_a.sql': '' })
    const { status, stdout } = await line.run('config')
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^No metastore\.toml in DIR; these are the defaults\.\n\n\[database\.default\]\nurl +"pglite:\.metastore\/default" +default\n/,
    )
  })

  test('shows what is wrong with a setting in its place', async () => {
    const line = commandLine({ 'metastore.toml': '[database.main]\nurl = "${APP_URL}"\n' })
    const { status, stdout } = await line.run('config')
    expect(status).toBe(0)
    expect(stdout).toMatch(/\nurl +unknown +metastore\.toml:2:1\n/)
    expect(stdout).toMatch(
      /\nproblem {2}url: The environment variable APP_URL is not set, but the url of database "main" refers to it\.\n$/,
    )
    expect(await line.json('config')).toMatchObject({
      document: {
        command: 'config',
        ok: true,
        project: 'DIR',
        file: 'metastore.toml',
        settings: expect.arrayContaining([
          expect.objectContaining({ database: 'main', setting: 'url', value: null }),
          {
            database: 'main',
            setting: 'wait',
            value: '0s',
            origin: { from: 'default', name: null, where: null },
            problem: null,
          },
        ]) as unknown[],
      },
    })
  })

  test('shows the databases that are named, in the order in which they are named', async () => {
    const line = commandLine({
      'metastore.toml': '[database.a]\nurl = "sqlite:a.db"\n[database.b]\nurl = "sqlite:b.db"\n',
    })
    const headings = async (words: string) => (await line.run(words)).stdout.match(/^\[.*\]$/gm)
    expect(await headings('config')).toEqual(['[database.a]', '[database.b]'])
    expect(await headings('config --database b')).toEqual(['[database.b]'])
    expect(await headings('config --database b --database a')).toEqual(['[database.b]', '[database.a]'])
  })
})

describe('docs', () => {
  test('lists the pages, one for each command among them', async () => {
    const line = commandLine()
    const { status, stdout } = await line.run('docs')
    expect(status).toBe(0)
    const topics = stdout
      .trimEnd()
      .split('\n')
      .map((row) => /^(\S+) {2,}(.*)$/.exec(row) ?? [])
      .map(([, page = '', title = '']) => ({ page, title }))
    const pages = topics.map(({ page }) => page)
    expect(topics).toContainEqual({ page: 'commands/stamp', title: 'metastore stamp' })
    // Where to begin comes first, then what somebody wants to get done.
    expect(pages.slice(0, 4)).toEqual(['README', 'tutorial', 'agents', 'guides/actions'])
    expect(pages).toEqual(expect.arrayContaining(Object.keys(commands).map((name) => `commands/${name}`)))
    expect(pages).toEqual(expect.arrayContaining(['errors', 'configuration', 'guides/migrations']))
    expect(await line.json('docs')).toEqual({
      status: 0,
      document: { command: 'docs', ok: true, pages, topics },
      stderr: '',
    })
  })

  test.each(['commands/stamp', 'stamp', 'commands/stamp.md', '/commands/stamp'])('prints the page %s', async (name) => {
    const { status, stdout } = await commandLine().run(`docs ${name}`)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^# metastore stamp\n\n/)
  })

  test('prints a page as JSON', async () => {
    expect(await commandLine().json('docs stamp')).toEqual({
      status: 0,
      document: {
        command: 'docs',
        ok: true,
        page: 'stamp',
        text: expect.stringMatching(/^# metastore stamp\n/) as string,
      },
      stderr: '',
    })
  })

  test('proposes the page that was meant', async () => {
    expect(await commandLine().run('docs errorz')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [document_unknown] The manual has no page "errorz".',
        '  next: Did you mean errors? metastore docs lists the pages.',
      ),
    })
    expect(await commandLine().run('docs ../package')).toMatchObject({
      status: 2,
      stderr: lines(
        'error [document_unknown] The manual has no page "../package".',
        '  next: metastore docs lists the pages.',
      ),
    })
  })

  test('finds the sections that have all the words, those with the words in their heading first', async () => {
    const { status, document } = await commandLine().json('docs --search blocking')
    expect(status).toBe(0)
    const { hits } = document as { hits: { page: string; heading: string; line: number; excerpt: string }[] }
    expect(hits.length).toBeGreaterThan(0)
    for (const { page, heading, line } of hits) {
      const source = readFileSync(path.join(checkout, 'docs', `${page}.md`), 'utf8').split('\n')
      expect(source[line - 1]).toMatch(/^#+ /)
      expect(source[line - 1]).toContain(heading)
    }
    const none = await commandLine().run('docs --search zzzyx')
    expect(none).toEqual({ status: 0, stdout: '', stderr: 'Nothing was found; metastore docs lists the topics.\n' })
  })

  test('explains the code of an error, and of a hazard', async () => {
    expect(await commandLine().json('docs --explain plan_stale')).toMatchObject({
      status: 0,
      document: {
        code: 'plan_stale',
        kind: 'error',
        exitStatus: 3,
        text: '# plan_stale\n\nA saved plan is not applied, because the files or the database are not those it was made from.',
        pages: expect.arrayContaining(['errors', 'guides/plan']) as string[],
      },
    })
    expect(await commandLine().json('docs --explain h01')).toMatchObject({
      status: 0,
      document: { code: 'index_not_concurrent', kind: 'hazard', exitStatus: null, pages: ['hazards'] },
    })
    expect(await commandLine().run('docs --explain plan_stael')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [document_unknown] There is no error and no hazard with the code "plan_stael".',
        '  at --explain',
        '  next: Did you mean plan_stale? metastore docs errors and metastore docs hazards list what there is.',
      ),
    })
  })

  test('answers one question at a time', async () => {
    expect(await commandLine().run('docs errors --explain plan_stale')).toEqual({
      status: 2,
      stdout: '',
      stderr: lines(
        'error [usage] A page, --search and --explain do not go together.',
        '  at metastore docs',
        '  next: Ask for one of them.',
      ),
    })
  })

  test('needs no project', async () => {
    expect(await commandLine({ 'metastore.toml': 'this is no TOML' }).run('docs errors')).toMatchObject({ status: 0 })
  })
})
