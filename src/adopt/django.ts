import { sql } from '../database/database.ts'
import { headerOf } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { findToolTable } from './tool-table.ts'

/** Django (1.7 to 5) keeps `django_migrations`: application, name and time of each migration. It keeps no checksum. */
export const djangoSource: AdoptionSource = {
  title: 'Django',

  table: (db, base) => findToolTable(db, { name: 'django_migrations', columns: ['app', 'name', 'applied'] }, base),

  async read(db, { at }) {
    const rows = await db.query<{ app: string; name: string; appliedAt: Date }>(sql`
      select app, name, applied::timestamptz as "appliedAt" from ${at} order by id`)
    const migrations = rows.map(({ app, name, appliedAt }) => ({
      name: `${app}.${name}`,
      description: null,
      appliedAt,
      actions: null,
    }))
    return { busy: null, migrations, versions: false }
  },

  // chat.0001_initial is chat.0001_initial or chat_0001_initial, behind a number or not; or a header names it.
  filesOf({ name }, files) {
    const said = files.filter((file) => headerOf(file, 'django') === name)
    if (said.length > 0) return said
    const plain = (text: string) => text.replaceAll('.', '_')
    return files.filter((file) => plain(file.name.replace(/^\d+[_.-]+(?=\D)/, '')) === plain(name))
  },
}
