const runs = `mkdir -p migrations
cat > migrations/001_runs.sql <<'SQL'
create table runs (id bigint generated always as identity primary key, state text not null);

-- metastore:down
drop table runs;
SQL
`

const server = `echo 'DATABASE_URL=postgres://app@localhost:5432/app' > .env
`

/** For the pages of the manual that speak of a project of the reader's: what makes one, as a shell is given it. */
export const docsProjects: Readonly<Record<string, string>> = {
  // A database as dbmate leaves it, made by a project whose history is in another place.
  'guides/adopt': `${server}${runs}cat > migrations/002_history.sql <<'SQL'
create table schema_migrations (version varchar primary key);
insert into schema_migrations values ('001'), ('002');
SQL
METASTORE_STATE_SCHEMA=elsewhere metastore migrate --quiet
`,
  'guides/ci': `${server}${runs}`,
  'guides/clients': `mkdir migrations
printf '%s\\n' '[[actions]]' 'type = "create_enum"' 'name = "state"' 'values = ["new"]' > migrations/002_cents.toml
`,
  'guides/coding-agents': ``,
  'guides/fleet': `${runs}cat > metastore.toml <<'TOML'
[database.assistant]
url = "sqlite:assistant.db"
migrations = ["migrations"]

[fleet.tenants]
names = ["acme", "globex"]
url = "sqlite:{name}.db"
TOML
sed -i.bak 's/bigint generated always as identity/integer/' migrations/001_runs.sql && rm migrations/*.bak
touch acme.db globex.db
`,
  'guides/generate': `cat > schema.sql <<'SQL'
create table runs (id bigint primary key, state text not null);
SQL
mkdir -p migrations src
cat > metastore.toml <<'TOML'
[database.assistant]
url = "pglite:memory"
migrations = ["migrations"]
models = ["schema.sql"]
TOML
`,
  'guides/observability': `${server}${runs}`,
  'guides/plan': `${server}${runs}metastore migrate --quiet
cat > migrations/002_cost.sql <<'SQL'
alter table runs add column cost integer;

-- metastore:down
alter table runs drop column cost;
SQL
`,
  'guides/production': `${server}${runs}`,
  'guides/secrets': ``,
  'guides/seeds': `${server}mkdir -p migrations seeds/demo
cat > metastore.toml <<'TOML'
[database.assistant]
url = "\${DATABASE_URL}"
migrations = ["migrations"]
seeds = ["seeds"]
seed_sets = { demo = ["seeds/demo"] }
TOML
echo 'create table agents (name text primary key);' > migrations/001_agents.sql
echo '{"table": "agents", "rows": [{"name": "GuidelineAgent"}]}' > seeds/002_agents.json
echo '{"table": "agents", "rows": [{"name": "DebtAgent"}]}' > seeds/demo/001_agents.json
metastore migrate --quiet
`,
  'guides/tenants': `mkdir migrations
cat > migrations/001_messages.sql <<'SQL'
create table messages (id uuid primary key default gen_random_uuid(), tenant_id uuid not null, body text not null);
SQL
`,
  'guides/zero-downtime': server,
}
