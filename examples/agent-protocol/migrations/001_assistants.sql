create table "public"."assistant_versions" (
  "assistant_id" character varying(255) not null,
  "version" integer not null,
  "graph_id" text not null,
  "name" text,
  "description" text,
  "config" jsonb default ('{}'::jsonb) not null,
  "context" jsonb default ('{}'::jsonb) not null,
  "metadata" jsonb default ('{}'::jsonb) not null,
  "created_at" timestamp with time zone default (now()) not null,
  constraint "assistant_versions_assistant_id_version_pk" PRIMARY KEY (assistant_id, version)
);

create table "public"."assistants" (
  "assistant_id" character varying(255) not null,
  "graph_id" text not null,
  "name" text,
  "description" text,
  "version" integer default (1) not null,
  "config" jsonb default ('{}'::jsonb) not null,
  "context" jsonb default ('{}'::jsonb) not null,
  "metadata" jsonb default ('{}'::jsonb) not null,
  "created_at" timestamp with time zone default (now()) not null,
  "updated_at" timestamp with time zone default (now()) not null,
  constraint "assistants_pkey" PRIMARY KEY (assistant_id),
  constraint "assistants_version_check" CHECK ((version >= 1))
);

CREATE INDEX assistants_created_at ON public.assistants USING btree (created_at, assistant_id);

CREATE INDEX assistants_graph_id ON public.assistants USING btree (graph_id);

CREATE INDEX assistants_metadata ON public.assistants USING gin (metadata jsonb_path_ops);

alter table "public"."assistant_versions" add constraint "assistant_versions_assistant_id_assistants_assistant_id_fk" FOREIGN KEY (assistant_id) REFERENCES public.assistants(assistant_id) ON DELETE CASCADE;

-- metastore:down

drop table "public"."assistant_versions";

drop table "public"."assistants";
