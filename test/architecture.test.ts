import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import cruiserRules from '../.dependency-cruiser.mjs'
import { temporaryDirectory } from './harness/temporary-directory.ts'

const root = path.resolve(import.meta.dirname, '..')
const configuration = ['tsconfig.json', '.oxlintrc.json', '.dependency-cruiser.mjs', 'knip.json', '.prettierrc.json']

interface Outcome {
  readonly status: number
  readonly stdout: string
}

function run(directory: string, script: string, ...scriptArguments: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: '1' } }
    execFile(process.execPath, [path.join(root, script), ...scriptArguments], options, (error, stdout) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout }),
    )
  })
}

/** A directory with this project's configuration of its tools, and these files instead of its own. */
function project(files: Readonly<Record<string, string>>, packages: readonly string[] = []): string {
  const directory = temporaryDirectory()
  for (const file of [...configuration, '.prettierignore']) cpSync(path.join(root, file), path.join(directory, file))
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'), 'dir')
  const manifest = {
    name: 'fixture',
    type: 'module',
    devDependencies: Object.fromEntries(packages.map((each) => [each, '*'])),
  }
  writeFileSync(path.join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true })
    writeFileSync(path.join(directory, file), text)
  }
  return directory
}

interface Cruise {
  readonly modules: readonly {
    readonly source: string
    readonly dependencies: readonly { readonly resolved: string }[]
  }[]
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[]
  }
}

async function cruise(directory: string, ...folders: readonly string[]): Promise<Cruise> {
  const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'
  const { stdout } = await run(directory, cruiser, ...folders, '--config', '.dependency-cruiser.mjs', '-T', 'json')
  return JSON.parse(stdout) as Cruise
}

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
}

describe('the layers', () => {
  test('are judged on every file of src/, and on imports of types', async () => {
    const { modules } = await cruise(root, 'src')
    const read = modules.map((module) => module.source)
    expect(sources('src').filter((file) => !read.includes(file))).toEqual([])

    const driver = modules.find((module) => module.source === 'src/database/driver.ts')
    expect(driver?.dependencies.map((dependency) => dependency.resolved)).toEqual(
      expect.arrayContaining(['src/progress.ts', 'src/database/sql.ts']),
    )
  })

  test('are defended by rules of which each catches what it forbids and lets pass what is allowed', async () => {
    const rules = (cruiserRules.forbidden ?? []).map((rule) => rule.name ?? '')
    const folders = rules.flatMap((name) => /^layer-(?!unknown|shared|entries|cli$)(.+)$/.exec(name)?.[1] ?? [])
    const directory = project(
      {
        ...Object.fromEntries(folders.map((folder) => [`src/${folder}/wrong.ts`, "import '../cli/wrong.ts'\n"])),
        'src/cli/wrong.ts': "import '../index.ts'\n",
        'src/index.ts': "import './cli/wrong.ts'\n",
        'src/testing.ts': "import './catalog/introspect/wrong.ts'\n",
        'src/errors.ts': "import type {} from './catalog/right.ts'\n",
        'src/unknown/wrong.ts': "import '../progress.ts'\n",
        'src/audit/private.ts': "import '../catalog/introspect/wrong.ts'\n",
        'src/catalog/introspect/wrong.ts': 'export {}\n',
        'src/store/tests.ts': "import '../../test/wrong.ts'\n",
        'test/wrong.ts': 'export {}\n',
        'src/database/development.ts': "import 'vitest'\n",
        'src/database/unlisted.ts': "import 'fast-check'\n",
        'src/database/nowhere.ts': "await import('./nothing-there.ts')\n",
        'src/progress.ts': 'export {}\n',
        'src/database/right.ts': "import 'pg'\nimport '../progress.ts'\n",
        'src/catalog/right.ts': "import '../database/right.ts'\nimport './introspect/wrong.ts'\n",
        'src/audit/right.ts': "import '../catalog/right.ts'\n",
        'src/cli/right.ts': "import '../audit/right.ts'\n",
        'src/cli/right.test.ts': "import '../catalog/introspect/wrong.ts'\nimport '../../test/wrong.ts'\n",
      },
      ['pg', 'vitest'],
    )

    const { summary } = await cruise(directory, 'src', 'test')
    expect(new Set(summary.violations.map(({ rule }) => rule.name))).toEqual(new Set(rules))
    expect(summary.violations.filter(({ from }) => from.includes('right'))).toEqual([])
    for (const folder of folders) {
      expect(summary.violations).toContainEqual(
        expect.objectContaining({
          from: `src/${folder}/wrong.ts`,
          rule: expect.objectContaining({ name: `layer-${folder}` }),
        }),
      )
    }
  })
})

describe('the linter', () => {
  const faults: Readonly<Record<string, string>> = {
    'no-floating-promises': "import { rm } from 'node:fs/promises'\nexport const f = (): void => {\n  rm('x')\n}\n",
    'no-misused-promises': 'export const f = (list: number[]): void => list.forEach(async () => Promise.resolve())\n',
    'switch-exhaustiveness-check':
      "export function f(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1\n  }\n  return 2\n}\n",
    'no-explicit-any': 'export const f = (x: any): unknown => x\n',
    'no-console': "export const f = (): void => console.log('x')\n",
    'max-lines': 'export const x = [\n' + '  1,\n'.repeat(300) + ']\n',
    'max-lines-per-function': 'export function f(): number[] {\n  return [\n' + '    1,\n'.repeat(60) + '  ]\n}\n',
    complexity: `export function f(x: number): number {\n${'  if (x === 1) return 1\n'.repeat(25)}  return x\n}\n`,
    'no-cycle': "import { f as g } from './no-cycle-too.ts'\nexport const f = (): unknown => g()\n",
    'consistent-type-imports': "import { X } from './right.ts'\nexport const f = (x: X): X => x\n",
    'no-restricted-imports': "import { raw } from '../database/sql.ts'\nexport const f = raw\n",
    'no-default-export': 'export default 1\n',
  }

  test('is type-aware and catches what each rule of the house forbids', async () => {
    const entries = Object.entries(faults).map(([rule, text]) => [`src/store/${rule}.ts`, text])
    const directory = project({
      ...(Object.fromEntries(entries) as Record<string, string>),
      'src/store/no-cycle-too.ts': "import { f as g } from './no-cycle.ts'\nexport const f = (): unknown => g()\n",
      'src/store/right.ts': 'export interface X {\n  readonly x: number\n}\n',
      'src/database/sql.ts': 'export const raw = (text: string): string => text\n',
      'src/seeds/right.ts': "import { raw } from '../database/sql.ts'\nexport const f = raw\n",
      'src/cli/right.ts': "export const f = (): void => console.log('x')\n",
    })

    const { stdout } = await run(directory, 'node_modules/oxlint/bin/oxlint', '--type-aware', '--format', 'json')
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
    for (const rule of Object.keys(faults)) {
      const found = diagnostics.filter(({ filename }) => filename.endsWith(`/${rule}.ts`)).map(({ code }) => code)
      expect(found, rule).toContainEqual(expect.stringContaining(`(${rule})`))
    }
    expect(diagnostics.filter(({ filename }) => filename.endsWith('right.ts'))).toEqual([])
  })
})

describe('npm run check', () => {
  const script = 'scripts/check.mjs'
  const sound = {
    'src/errors.ts': 'export const answer = 42\n',
    'src/progress.ts': "import { answer } from './errors.ts'\n\nexport const twice = answer * 2\n",
    'src/index.ts': "export { twice } from './progress.ts'\n",
  }

  test('passes a sound project with one line for each tool', async () => {
    const { status, stdout } = await run(project(sound), script)
    expect(
      stdout
        .replaceAll(/ +\d+\.\d s/g, '')
        .split('\n')
        .sort(),
    ).toEqual(
      ['', 'passed  dead code', 'passed  format', 'passed  layers', 'passed  lint', 'passed  types'].map(
        (line) => line,
      ),
    )
    expect(status).toBe(0)
  })

  test('fails with what each tool found, and when only one of them found something', async () => {
    const faults = {
      types: ['src/errors.ts', "export const answer: number = 'x'\n"],
      lint: ['src/version.ts', 'export const x = (y: any): unknown => y\n'],
      layers: ['src/nearest.ts', "import './cli/main.ts'\n"],
      'dead code': ['src/finding.ts', 'export const unused = 1\n'],
      format: ['src/index.ts', 'export { twice } from "./progress.ts"\n'],
    } as const
    const all = await run(
      project({ ...sound, 'src/cli/main.ts': '\n', ...Object.fromEntries(Object.values(faults)) }),
      script,
    )
    for (const [name, [file]] of Object.entries(faults)) {
      // From the tool's line to the next tool's, its own words.
      const said = all.stdout.split(/^(?=FAILED|passed)/m).find((part) => part.startsWith(`FAILED  ${name} `))
      expect(said, name).toContain(file)
    }
    expect(all.stdout).not.toContain('should have read')

    const one = await run(project({ ...sound, 'src/index.ts': faults.format[1] }), script)
    expect(one.stdout.match(/FAILED/g)).toHaveLength(1)
    expect(one.status).toBe(1)
  })

  test('fails when a tool has not read the sources, for then it cannot have found their faults', async () => {
    const blinded = {
      'tsconfig.json': '{ "compilerOptions": { "allowJs": true }, "include": [".dependency-cruiser.mjs"] }\n',
      '.oxlintrc.json': '{ "ignorePatterns": ["src", "node_modules"] }\n',
      '.dependency-cruiser.mjs': "export default { options: { exclude: { path: 'src' } } }\n",
      'knip.json': '{ "entry": ["*.mjs"], "project": ["*.mjs"] }\n',
      '.prettierignore': 'src\n',
    }
    const { status, stdout } = await run(project({ ...sound, ...blinded }), script)
    for (const name of ['types', 'lint', 'layers', 'dead code', 'format']) {
      expect(stdout).toMatch(
        new RegExp(`FAILED  ${name}[^]*^${name}: read [012] files, and should have read 3 at least$`, 'm'),
      )
    }
    expect(status).toBe(1)
  })
})

describe('the sources', () => {
  test('have a doc comment on every exported name', () => {
    const bare = sources('src')
      // The row types are generated, with the comments that the schema has.
      .filter((file) => !file.endsWith('.test.ts') && file !== path.join('src', 'store', 'rows.ts'))
      .flatMap((file) => {
        const lines = readFileSync(path.join(root, file), 'utf8').split('\n')
        return lines.flatMap((line, index) =>
          /^export (?:declare |abstract |async )*(?:function|const|let|class|interface|type) ?[*\w]/.test(line) &&
          !/^export type \*/.test(line) &&
          !/\*\/$/.test(lines[index - 1] ?? '')
            ? [`${file}:${index + 1}: ${line}`]
            : [],
        )
      })
    expect(bare).toEqual([])
  })

  test('are in files whose name says what is in them', () => {
    const names = ['src', 'test', 'scripts'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }),
    )
    const vague = /(^|[\\/])(utils?|helpers?|common|misc|types)([\\/.]|$)/
    expect(names.filter((name) => vague.test(name))).toEqual([])
    expect(
      names.map((name) => path.basename(name)).filter((name) => name !== 'README.md' && /[A-Z_]/.test(name)),
    ).toEqual([])
  })
})
