// Who may use whom. The table says it once; the rules below are made from it.

/** Each folder of src/, and the folders that it may use beside itself. @type {Record<string, readonly string[]>} */
const layers = {
  database: [],
  // A part of somebody else's application: it brings nothing with it.
  client: [],
  toml: [],
  secrets: ['catalog', 'database'],
  catalog: ['database'],
  // A door that whoever works for long goes through; it stands on nothing.
  telemetry: [],
  migrations: ['catalog', 'database', 'telemetry', 'toml'],
  seeds: ['catalog', 'database', 'secrets', 'telemetry', 'toml'],
  store: ['catalog', 'database', 'secrets'],
  shadow: ['migrations', 'catalog', 'database'],
  'migration-tests': ['shadow', 'migrations', 'catalog', 'database'],
  models: ['shadow', 'migrations', 'catalog', 'database'],
  audit: ['shadow', 'migrations', 'catalog', 'database'],
  doctor: ['migrations', 'catalog', 'database', 'secrets'],
  reset: ['migrations', 'seeds', 'catalog', 'database'],
  // Facts in, text out.
  report: [],
  adopt: ['audit', 'shadow', 'migrations', 'catalog', 'database'],
  // Settings: what a database URL looks like is the database's to say, and the top passes the rest down as values.
  project: ['database', 'toml'],
  // For LangGraph.js, over the store.
  langgraph: ['store', 'database'],
  server: ['langgraph', 'store', 'project', 'catalog', 'database', 'secrets', 'telemetry'],
  cli: [
    'database',
    'secrets',
    'catalog',
    'migrations',
    'seeds',
    'store',
    'shadow',
    'models',
    'migration-tests',
    'audit',
    'adopt',
    'doctor',
    'reset',
    'report',
    'telemetry',
    'project',
    'langgraph',
    'server',
  ],
}

/** Files that stand on nothing and that every folder may use. */
const shared = ['errors', 'file-order', 'finding', 'progress', 'nearest', 'package-directory', 'read-text', 'text-position', 'version']

/** The package's own entries, which may use every folder but the command line. */
const entries = ['index', 'testing']

/** Development dependencies that the build puts into the bundle, so src/ may use them. */
const bundled = [
  'pg',
  'commander',
  'smol-toml',
  'picocolors',
  'cli-progress',
  'diff',
  'zod',
  'jsonc-parser',
  '@dagrejs/dagre',
  'yaml',
  'hono',
  '@hono/node-server',
  '@hono/zod-openapi',
  'jose',
  'croner',
  'prom-client',
  'pino',
]

/** Optional peer dependencies: src/ asks for them only where they are. */
const optional = ['@opentelemetry/api']
/** Packages of the program that uses an entry: it brings them. */
const peers = ['@langchain/langgraph-checkpoint']

const test = '\\.test\\.ts$'
const anyOf = (/** @type {readonly string[]} */ names) => `(${names.join('|')})`

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const layerRules = Object.entries(layers).map(([layer, below]) => ({
  name: `layer-${layer}`,
  severity: 'error',
  comment: `src/${layer} may use ${below.length > 0 ? below.join(', ') : 'no other folder'}, and the shared files.`,
  from: { path: `^src/${layer}/` },
  to: { path: '^src/', pathNot: [`^src/${anyOf([layer, ...below])}/`, `^src/${anyOf(shared)}\\.ts$`] },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'layer-unknown',
      severity: 'error',
      comment: 'A new folder of src/ needs its line in the table above.',
      from: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(Object.keys(layers))}/` },
      to: {},
    },
    {
      name: 'layer-shared',
      severity: 'error',
      comment: 'What everybody uses stands on nothing but its like.',
      from: { path: `^src/${anyOf(shared)}\\.ts$` },
      to: { path: '^src/', pathNot: `^src/${anyOf(shared)}\\.ts$` },
    },
    {
      name: 'layer-entries',
      severity: 'error',
      comment: 'A program that imports the package must not get the command line with it.',
      from: { path: `^src/${anyOf(entries)}\\.ts$` },
      to: { path: '^src/cli/' },
    },
    {
      name: 'entries-unused',
      severity: 'error',
      comment: 'The entries are for users of the package; inside it, import the file that has the thing.',
      from: { path: '^src/', pathNot: test },
      to: { path: `^src/${anyOf(entries)}\\.ts$` },
    },
    {
      name: 'private-folder',
      severity: 'error',
      comment: "A feature's subfolder is its own: use the feature's door.",
      from: { path: '^src/([^/]+)/', pathNot: test },
      to: { path: '^src/[^/]+/[^/]+/', pathNot: '^src/$1/' },
    },
    {
      name: 'private-folder-entries',
      severity: 'error',
      comment: "A feature's subfolder is its own: re-export from the feature's door.",
      from: { path: '^src/[^/]+\\.ts$', pathNot: test },
      to: { path: '^src/[^/]+/[^/]+/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'Of two files that need each other, one is in the wrong place.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-tests-in-product',
      severity: 'error',
      comment: 'The product does not stand on its tests, benchmarks or examples.',
      from: { path: '^src/', pathNot: test },
      to: { path: ['^(test|bench|examples)/', test] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'Who installs the package does not get its devDependencies, except those that are bundled.',
      from: { path: '^src/', pathNot: test },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: `(^|/)node_modules/(@types/)?${anyOf([...bundled, ...optional, ...peers])}/`,
      },
    },
    {
      name: 'no-unlisted-packages',
      severity: 'error',
      comment: 'A package that is not in package.json is there by accident.',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Only our own: most packages have a dist/ too, and what is excluded cannot be forbidden.
    exclude: { path: '^(dist|coverage)/' },
    // Imports of types are dependencies too: a layer that knows another's types knows the other.
    tsPreCompilationDeps: true,
    // bench/ has a package.json of its own, for the tools that it measures.
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
}
