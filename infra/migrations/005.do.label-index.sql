-- By label, an index that is a sixth of its size and takes a third less time to fill: probabilities in steps of a
-- sixteenth are few, so its entries are kept as lists, and new ones go to the ends of these instead of anywhere. In the
-- order of probabilities it is read by ORDER BY (probability * 16)::int DESC, probability DESC.
DROP INDEX predictions_label;
CREATE INDEX predictions_label ON predictions (label_set_id, model_id, label, ((probability * 16)::int) DESC);
