import { type Contender, eachFile } from '../contender.ts'

const program = `import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'

const db = drizzle(process.env.DATABASE_URL)
try {
  await migrate(db, { migrationsFolder: 'migrations' })
} finally {
  await db.$client.end()
}
`

/** The migrator that comes with drizzle-orm, in the program its manual shows. */
export const drizzle: Contender = {
  name: 'drizzle-orm',
  note: "its migrator over pg, in its manual's program: one transaction for all files; an ordinary index when contested",
  files: (migrations) => ({
    ...eachFile('migrations', migrations, ({ statements }) => statements.join('\n--> statement-breakpoint\n')),
    'migrations/meta/_journal.json': JSON.stringify({
      version: '7',
      dialect: 'postgresql',
      entries: migrations.map(({ name }, idx) => ({ idx, version: '7', when: idx + 1, tag: name, breakpoints: true })),
    }),
    'migrate.mjs': program,
  }),
  packages: 'bench',
  command: [process.execPath, 'migrate.mjs'],
  recorded: 'select count(*)::int as count from drizzle.__drizzle_migrations',
  canLeaveTransaction: false,
}
