-- Filters by time: without it every vector is looked at for its time.
CREATE INDEX embeddings_time ON embeddings (embedded_at);
