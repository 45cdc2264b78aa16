create table "public"."run_events" (
  "run_id" character varying(255) not null,
  "seq" integer not null,
  "event" text not null,
  "data" jsonb,
  "created_at" timestamp with time zone default (now()) not null,
  constraint "run_events_run_id_seq_pk" PRIMARY KEY (run_id, seq)
);

create table "public"."runs" (
  "run_id" character varying(255) not null,
  "thread_id" character varying(255) not null,
  "assistant_id" character varying(255),
  "status" text default ('pending'::text) not null,
  "config" jsonb default ('{}'::jsonb) not null,
  "context" jsonb default ('{}'::jsonb) not null,
  "metadata" jsonb default ('{}'::jsonb) not null,
  "kwargs" jsonb default ('{}'::jsonb) not null,
  "multitask_strategy" text default ('reject'::text) not null,
  "temporary" boolean default (false) not null,
  "attempt" integer default (1) not null,
  "not_before" timestamp with time zone default (now()) not null,
  "created_at" timestamp with time zone default (now()) not null,
  "updated_at" timestamp with time zone default (now()) not null,
  constraint "runs_pkey" PRIMARY KEY (run_id),
  constraint "runs_status_check" CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'error'::text, 'success'::text, 'timeout'::text, 'interrupted'::text])))
);

create table "public"."threads" (
  "thread_id" character varying(255) not null,
  "status" text default ('idle'::text) not null,
  "config" jsonb default ('{}'::jsonb) not null,
  "context" jsonb default ('{}'::jsonb) not null,
  "metadata" jsonb default ('{}'::jsonb) not null,
  "values" jsonb,
  "interrupts" jsonb default ('{}'::jsonb) not null,
  "error" jsonb,
  "graph_id" text generated always as ((metadata ->> 'graph_id'::text)) stored,
  "state_updated_at" timestamp with time zone,
  "expires_at" timestamp with time zone,
  "created_at" timestamp with time zone default (now()) not null,
  "updated_at" timestamp with time zone default (now()) not null,
  constraint "threads_pkey" PRIMARY KEY (thread_id),
  constraint "threads_status_check" CHECK ((status = ANY (ARRAY['idle'::text, 'busy'::text, 'interrupted'::text, 'error'::text])))
);

CREATE INDEX runs_assistant ON public.runs USING btree (assistant_id);

CREATE UNIQUE INDEX runs_one_running ON public.runs USING btree (thread_id) WHERE (status = 'running'::text);

CREATE INDEX runs_pending ON public.runs USING btree (not_before, run_id) WHERE (status = 'pending'::text);

CREATE INDEX runs_thread ON public.runs USING btree (thread_id, created_at DESC);

CREATE INDEX threads_expires_at ON public.threads USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX threads_metadata ON public.threads USING gin (metadata jsonb_path_ops);

CREATE INDEX threads_status ON public.threads USING btree (status, created_at);

alter table "public"."run_events" add constraint "run_events_run_id_fkey" FOREIGN KEY (run_id) REFERENCES public.runs(run_id) ON DELETE CASCADE;

alter table "public"."runs" add constraint "runs_assistant_id_assistants_assistant_id_fk" FOREIGN KEY (assistant_id) REFERENCES public.assistants(assistant_id) ON DELETE SET NULL;

alter table "public"."runs" add constraint "runs_thread_id_threads_thread_id_fk" FOREIGN KEY (thread_id) REFERENCES public.threads(thread_id) ON DELETE CASCADE;

-- metastore:down

drop table "public"."run_events";

drop table "public"."runs";

drop table "public"."threads";
