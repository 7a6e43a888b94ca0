-- Moderation: policies, their decisions, the queue of what people look at, and what they said.

CREATE TABLE policies (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  definition jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (name, version)
);

ALTER TABLE runs ADD COLUMN policy_ids integer[] NOT NULL DEFAULT '{}';

-- One an image, model and version of a policy. It stands for the ETag and label set that it was made from:
-- when either has changed it is made anew, in its place.
CREATE TABLE decisions (
  image_id bigint NOT NULL REFERENCES images ON DELETE CASCADE,
  model_id integer NOT NULL REFERENCES models,
  policy_id integer NOT NULL REFERENCES policies,
  label_set_id integer NOT NULL REFERENCES label_sets,
  etag text NOT NULL,
  action text NOT NULL CHECK (action IN ('pass', 'review', 'block')),
  sampled boolean NOT NULL DEFAULT false,
  reasons jsonb NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (image_id, policy_id, model_id)
);
CREATE INDEX decisions_action ON decisions (policy_id, model_id, action, image_id);

-- What people said, only added to: undoing marks a row. Labels are the truth about one version of an image
-- (its ETag) under the label set of that name, whatever its version.
CREATE TABLE reviews (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  image_id bigint NOT NULL REFERENCES images ON DELETE CASCADE,
  etag text NOT NULL,
  reviewer text NOT NULL,
  verdict text CHECK (verdict IN ('pass', 'block')),
  label_set text,
  labels text[],
  comment text NOT NULL DEFAULT '',
  origin text NOT NULL CHECK (origin IN ('review', 'import')),
  reviewed_at timestamptz NOT NULL DEFAULT now(),
  undone_at timestamptz,
  undone_by text,
  CHECK ((label_set IS NULL) = (labels IS NULL)),
  CHECK (verdict IS NOT NULL OR labels IS NOT NULL),
  CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX reviews_image ON reviews (image_id, id DESC);
CREATE INDEX reviews_label_set ON reviews (label_set, image_id) WHERE labels IS NOT NULL AND undone_at IS NULL;

-- Images that wait for a person. A queue bears the name of its policy, so that neither a new version of the
-- policy nor a new model asks a second time about an image that has not changed.
-- Decided: it has a review. Claimed: somebody's claim has not expired. Open: neither.
CREATE TABLE review_items (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  image_id bigint NOT NULL REFERENCES images ON DELETE CASCADE,
  etag text NOT NULL,
  reason text NOT NULL CHECK (reason IN ('policy', 'sample', 'manual')),
  priority integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_by text,
  claim_expires_at timestamptz,
  review_id bigint UNIQUE REFERENCES reviews,
  UNIQUE (queue, image_id, etag),
  CHECK ((claimed_by IS NULL) = (claim_expires_at IS NULL))
);
CREATE INDEX review_items_open ON review_items (queue, priority DESC, id) WHERE review_id IS NULL;
CREATE INDEX review_items_image ON review_items (image_id);

-- The newest word on each image that still is what it was when somebody looked at it.
CREATE VIEW truths AS
SELECT DISTINCT ON (r.image_id, r.label_set)
       r.image_id, r.label_set, r.labels, r.verdict, r.reviewer, r.reviewed_at, r.id AS review_id
FROM reviews r JOIN images i ON i.id = r.image_id AND i.etag = r.etag
WHERE r.undone_at IS NULL AND r.labels IS NOT NULL
ORDER BY r.image_id, r.label_set, r.id DESC;
