-- +goose Up

-- Times are microseconds since the epoch. Numbers (…_seq) are given in order of
-- arrival; nothing is ever deleted, so that none comes twice.

CREATE TABLE accounts (
    account_seq  INTEGER PRIMARY KEY,
    account_id   TEXT    NOT NULL UNIQUE,
    opened_at    INTEGER NOT NULL,
    -- Kept here so that a transaction that is its account's latest, as nearly
    -- all are, is numbered without counting.
    transactions INTEGER NOT NULL,
    latest_time  INTEGER NOT NULL
) STRICT;

CREATE TABLE transactions (
    transaction_seq        INTEGER PRIMARY KEY,
    transaction_id         TEXT    NOT NULL UNIQUE,
    account_seq            INTEGER NOT NULL REFERENCES accounts,
    amount                 REAL    NOT NULL,
    currency               TEXT    NOT NULL,
    time                   INTEGER NOT NULL,
    age_of_account         INTEGER NOT NULL,
    number_of_transactions INTEGER NOT NULL,
    recorded_at            INTEGER NOT NULL,
    recorded_by            TEXT    NOT NULL
) STRICT;

CREATE INDEX transactions_of_account ON transactions (account_seq, time);

CREATE TABLE assessments (
    assessment_seq  INTEGER PRIMARY KEY,
    transaction_seq INTEGER NOT NULL REFERENCES transactions,
    model_version   TEXT    NOT NULL,
    label           INTEGER NOT NULL,
    probability     REAL    NOT NULL,
    threshold       REAL, -- NULL: the model does not publish it
    assessed_at     INTEGER NOT NULL,
    assessed_by     TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX assessments_of_transaction ON assessments (transaction_seq, model_version);
CREATE INDEX assessments_by_time ON assessments (assessed_at);
CREATE INDEX assessments_by_probability ON assessments (probability);

CREATE TABLE outcomes (
    outcome_seq     INTEGER PRIMARY KEY,
    transaction_seq INTEGER NOT NULL REFERENCES transactions,
    label           INTEGER NOT NULL CHECK (label IN (1, 2)),
    source          INTEGER NOT NULL,
    occurred_at     INTEGER NOT NULL,
    note            TEXT    NOT NULL,
    reported_at     INTEGER NOT NULL,
    reported_by     TEXT    NOT NULL
) STRICT;

-- It finds the newest outcome, too.
CREATE UNIQUE INDEX outcomes_once ON outcomes (transaction_seq, occurred_at, label, source, note);
CREATE INDEX outcomes_by_label ON outcomes (label, transaction_seq);

CREATE TABLE keys (
    key_seq      INTEGER PRIMARY KEY,
    key_id       TEXT    NOT NULL UNIQUE,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    hash         BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER, -- NULL: never
    revoked_at   INTEGER, -- NULL: not revoked
    last_used_at INTEGER  -- NULL: never
) STRICT;
