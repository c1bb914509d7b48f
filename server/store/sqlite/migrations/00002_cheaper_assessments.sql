-- +goose Up

-- Assessments are written all day long: what their table costs is paid with
-- each answer. Looking for the transaction of each was a good part of it; no
-- transaction is ever deleted, so that the store can tell from its number alone
-- that it is there.

CREATE TABLE assessments_2 (
    assessment_seq  INTEGER PRIMARY KEY,
    transaction_seq INTEGER NOT NULL, -- of transactions, see above
    model_version   TEXT    NOT NULL,
    label           INTEGER NOT NULL,
    probability     REAL    NOT NULL,
    threshold       REAL, -- NULL: the model does not publish it
    assessed_at     INTEGER NOT NULL,
    assessed_by     TEXT    NOT NULL
) STRICT;

INSERT INTO assessments_2
SELECT assessment_seq, transaction_seq, model_version, label, probability, threshold, assessed_at, assessed_by
FROM assessments ORDER BY assessment_seq;

DROP TABLE assessments;
ALTER TABLE assessments_2 RENAME TO assessments;

CREATE UNIQUE INDEX assessments_of_transaction ON assessments (transaction_seq, model_version);
CREATE INDEX assessments_by_time ON assessments (assessed_at);

-- It has the assessments worth looking at by probability, and spares the others,
-- which are nearly all, an entry somewhere in the midst of it.
CREATE INDEX assessments_by_probability ON assessments (probability) WHERE probability >= 0.05;
