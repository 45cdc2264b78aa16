create table "public"."store_items" (
  "namespace" text[] not null,
  "key" text not null,
  "value" jsonb not null,
  "expires_at" timestamp with time zone,
  "created_at" timestamp with time zone default (now()) not null,
  "updated_at" timestamp with time zone default (now()) not null,
  constraint "store_items_namespace_key_pk" PRIMARY KEY (namespace, key)
);

CREATE INDEX store_items_expires_at ON public.store_items USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX store_items_value ON public.store_items USING gin (value jsonb_path_ops);

-- metastore:down

drop table "public"."store_items";
