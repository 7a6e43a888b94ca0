-- Texts that users add, to be found by images.

CREATE TABLE texts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  corpus text NOT NULL,
  text text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
-- Texts may be longer than an index entry; by their hash they are unique all the same.
CREATE UNIQUE INDEX texts_corpus ON texts (corpus, md5(text));

CREATE TABLE text_embeddings (
  model_id integer NOT NULL REFERENCES models,
  text_id bigint NOT NULL REFERENCES texts ON DELETE CASCADE,
  embedding vector NOT NULL,
  PRIMARY KEY (model_id, text_id)
);

-- What a run embedded, for filters by run.
CREATE INDEX embeddings_run ON embeddings (run_id);
