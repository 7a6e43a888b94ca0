-- Predictions say by how much a label leads and whether it passed its threshold; label embeddings are kept by text.

-- Of each of a million rows, three foreign keys cost more to check than the row costs to write. Rows come from
-- statements that hold these ids already; what foreign keys did when images go, a trigger does once a statement.
ALTER TABLE predictions
  DROP CONSTRAINT predictions_image_id_fkey,
  DROP CONSTRAINT predictions_model_id_fkey,
  DROP CONSTRAINT predictions_label_set_id_fkey,
  ADD COLUMN margin real,
  ADD COLUMN passed boolean NOT NULL DEFAULT true;

CREATE FUNCTION delete_predictions_of_images() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM predictions p USING gone WHERE p.image_id = gone.id;
  RETURN NULL;
END $$;

CREATE TRIGGER images_predictions AFTER DELETE ON images
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION delete_predictions_of_images();

-- One row a label: the mean of its texts' embeddings, float32, little-endian, by the hash of these texts. A label
-- set of which one label has changed finds all the others here, whatever its version.
DROP TABLE label_embeddings;
CREATE TABLE label_embeddings (
  model_id integer NOT NULL REFERENCES models,
  texts_hash bytea NOT NULL,
  embedding bytea NOT NULL,
  embedded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model_id, texts_hash)
);
