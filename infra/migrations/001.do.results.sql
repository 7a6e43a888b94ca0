-- Results of Tuhai. Everything here may be queried directly; docs/tables.md explains the columns.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE sources (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uri text NOT NULL UNIQUE
);

CREATE TABLE models (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fingerprint text NOT NULL UNIQUE,
  name text NOT NULL,
  family text NOT NULL,
  dimension integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE label_sets (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  mode text NOT NULL,
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (name, version)
);

CREATE TABLE runs (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES sources,
  model_id integer NOT NULL REFERENCES models,
  label_set_ids integer[] NOT NULL DEFAULT '{}',
  prune boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'listing'
    CHECK (status IN ('listing', 'running', 'finished', 'cancelled')),
  listed bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  retired bigint NOT NULL DEFAULT 0,
  cursor text,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
-- Two runs of one source and model at once would fetch everything twice.
CREATE UNIQUE INDEX runs_open ON runs (source_id, model_id) WHERE status IN ('listing', 'running');

-- Keys sort by bytes, as S3 lists them.
CREATE TABLE images (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES sources,
  key text COLLATE "C" NOT NULL,
  etag text NOT NULL,
  size_bytes bigint NOT NULL,
  width integer,
  height integer,
  format text,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz,
  UNIQUE (source_id, key)
);

-- One partition a model, made when a model is first used: vectors of different models never meet.
CREATE TABLE embeddings (
  model_id integer NOT NULL REFERENCES models,
  image_id bigint NOT NULL REFERENCES images ON DELETE CASCADE,
  run_id integer NOT NULL REFERENCES runs,
  etag text NOT NULL,
  embedding vector NOT NULL,
  embedded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model_id, image_id)
) PARTITION BY LIST (model_id);

CREATE TABLE predictions (
  image_id bigint NOT NULL REFERENCES images ON DELETE CASCADE,
  model_id integer NOT NULL REFERENCES models,
  label_set_id integer NOT NULL REFERENCES label_sets,
  rank integer NOT NULL,
  label text NOT NULL,
  cosine real NOT NULL,
  probability real NOT NULL,
  PRIMARY KEY (image_id, label_set_id, model_id, rank)
);
CREATE INDEX predictions_label ON predictions (label_set_id, model_id, label, probability DESC);

-- Embeddings of labels, computed once for a label set and model: labels × dimension float32, little-endian.
CREATE TABLE label_embeddings (
  label_set_id integer NOT NULL REFERENCES label_sets,
  model_id integer NOT NULL REFERENCES models,
  matrix bytea NOT NULL,
  PRIMARY KEY (label_set_id, model_id)
);

CREATE TABLE failures (
  run_id integer NOT NULL REFERENCES runs,
  key text COLLATE "C" NOT NULL,
  etag text NOT NULL,
  size_bytes bigint NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  retryable boolean NOT NULL,
  attempts integer NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, key)
);

-- Work in hand: the queue carries chunk ids only, so a lost queue loses nothing.
-- `delivery` is a fencing token: a commit with an older one is refused.
CREATE TABLE chunks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id integer NOT NULL REFERENCES runs,
  objects jsonb NOT NULL,
  remaining integer NOT NULL,
  embedded integer NOT NULL DEFAULT 0,
  delivery integer NOT NULL DEFAULT 0,
  crashes integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  in_hand boolean NOT NULL DEFAULT false,
  enqueued_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX chunks_run ON chunks (run_id);
CREATE INDEX chunks_open ON chunks (enqueued_at) WHERE remaining > 0;

-- Keys seen by a listing that prunes; emptied when the listing ends.
CREATE TABLE listed_keys (
  run_id integer NOT NULL REFERENCES runs,
  key text COLLATE "C" NOT NULL,
  PRIMARY KEY (run_id, key)
);
