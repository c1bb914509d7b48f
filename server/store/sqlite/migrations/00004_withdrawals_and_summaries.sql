-- +goose Up

-- An outcome may be withdrawn: label 3. SQLite has no other way to change what a
-- column admits than to make its table anew.

CREATE TABLE outcomes_2 (
    outcome_seq     INTEGER PRIMARY KEY,
    transaction_seq INTEGER NOT NULL REFERENCES transactions,
    label           INTEGER NOT NULL CHECK (label IN (1, 2, 3)),
    source          INTEGER NOT NULL,
    occurred_at     INTEGER NOT NULL,
    note            TEXT    NOT NULL,
    reported_at     INTEGER NOT NULL,
    reported_by     TEXT    NOT NULL
) STRICT;

INSERT INTO outcomes_2
SELECT outcome_seq, transaction_seq, label, source, occurred_at, note, reported_at, reported_by
FROM outcomes ORDER BY outcome_seq;

DROP TABLE outcomes;
ALTER TABLE outcomes_2 RENAME TO outcomes;

CREATE UNIQUE INDEX outcomes_once ON outcomes (transaction_seq, occurred_at, label, source, note);
CREATE INDEX outcomes_by_label ON outcomes (label, transaction_seq);

-- How many assessments were made in each minute and hour, by what the model said
-- and what came true: those with numbers up to the marks, by the outcomes with
-- numbers up to the marks. Numbers only grow, so that the marks alone determine
-- the counts; what is behind them is counted when it is asked for, and folded in
-- now and then.

CREATE TABLE summary_minutes (
    start  INTEGER PRIMARY KEY, -- in minutes since the epoch
    counts BLOB    NOT NULL
) STRICT;

CREATE TABLE summary_hours (
    start  INTEGER PRIMARY KEY, -- in hours since the epoch
    counts BLOB    NOT NULL
) STRICT;

CREATE TABLE summary_marks (
    one            INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    assessment_seq INTEGER NOT NULL,
    outcome_seq    INTEGER NOT NULL
) STRICT;

INSERT INTO summary_marks VALUES (1, 0, 0);
