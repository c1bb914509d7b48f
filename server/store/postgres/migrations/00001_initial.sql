-- +goose Up

-- Times are microseconds since the epoch. IDs are compared byte by byte.

-- The last number that was given to each kind of what others follow. Who records
-- locks its row until the commit, so that numbers are seen in their order and
-- without a gap, whichever gateway gave them.
CREATE TABLE record_ends (
    kind text   PRIMARY KEY,
    last bigint NOT NULL
) WITH (fillfactor = 10); -- room for the versions of a row that changes with each commit

INSERT INTO record_ends VALUES ('acts', 0), ('assessments', 0), ('outcomes', 0);

CREATE TABLE accounts (
    account_seq  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_at    bigint NOT NULL,
    -- Kept here so that a transaction that is its account's latest, as nearly all
    -- are, is numbered without counting. 0: nothing of the account is recorded yet.
    transactions bigint NOT NULL,
    latest_time  bigint NOT NULL,
    account_id   text COLLATE "C" NOT NULL UNIQUE
) WITH (fillfactor = 80);

-- Transactions, and what is said of them, are partitioned by the month in which
-- they were recorded (in UTC). It stands in the upper bits of their numbers, so
-- that whatever knows a number finds everything about it in one partition of
-- each table.
CREATE SEQUENCE transaction_numbers;

-- The months there are partitions of, and between which times the transactions in
-- them took place: bounds that are wide enough. NULL: there are none.
CREATE TABLE months (
    month      integer PRIMARY KEY, -- since January of year 0
    first_time bigint,
    last_time  bigint
);

-- An ID is one transaction's in all months.
CREATE TABLE transaction_ids (
    transaction_seq bigint NOT NULL,
    transaction_id  text COLLATE "C" PRIMARY KEY
);

CREATE TABLE transactions (
    transaction_seq        bigint           NOT NULL PRIMARY KEY,
    account_seq            bigint           NOT NULL,
    amount                 double precision NOT NULL,
    time                   bigint           NOT NULL,
    amount_last_hour       double precision NOT NULL,
    amount_last_day        double precision NOT NULL,
    amount_last_week       double precision NOT NULL,
    recorded_at            bigint           NOT NULL,
    age_of_account         integer          NOT NULL,
    number_of_transactions integer          NOT NULL,
    seconds_since_previous integer          NOT NULL,
    transactions_last_week integer          NOT NULL,
    transaction_id         text COLLATE "C" NOT NULL,
    currency               text             NOT NULL,
    recorded_by            text             NOT NULL
) PARTITION BY RANGE (transaction_seq);

-- With the amounts in it, sums are found without a look at the table.
CREATE INDEX transactions_of_account ON transactions (account_seq, time) INCLUDE (amount);

CREATE TABLE assessments (
    transaction_seq bigint           NOT NULL,
    assessment_seq  bigint           NOT NULL,
    probability     double precision NOT NULL,
    threshold       double precision, -- NULL: the model does not publish it
    assessed_at     bigint           NOT NULL,
    label           boolean          NOT NULL,
    model_version   text COLLATE "C" NOT NULL,
    assessed_by     text             NOT NULL,
    PRIMARY KEY (transaction_seq, model_version)
) PARTITION BY RANGE (transaction_seq);

CREATE INDEX assessments_by_number ON assessments (assessment_seq);
CREATE INDEX assessments_by_time ON assessments (assessed_at, assessment_seq);

-- It has the assessments worth looking at by probability, and spares the others,
-- which are nearly all, an entry somewhere in the midst of it.
CREATE INDEX assessments_by_probability ON assessments (probability, assessment_seq) WHERE probability >= 0.05;

CREATE TABLE outcomes (
    transaction_seq bigint   NOT NULL,
    outcome_seq     bigint   NOT NULL,
    occurred_at     bigint   NOT NULL,
    reported_at     bigint   NOT NULL,
    label           smallint NOT NULL CHECK (label IN (1, 2, 3)),
    source          smallint NOT NULL,
    note            bytea    NOT NULL, -- UTF-8, in which there may be a zero; Postgres' text has none
    reported_by     text     NOT NULL,
    PRIMARY KEY (transaction_seq, occurred_at, outcome_seq) -- it finds the newest, too
) PARTITION BY RANGE (transaction_seq);

CREATE INDEX outcomes_by_number ON outcomes (outcome_seq);
CREATE INDEX outcomes_by_label ON outcomes (label, transaction_seq);

-- How many assessments were made in each minute and hour, by what the model said
-- and what came true: those with numbers up to the marks, by the outcomes with
-- numbers up to the marks. Numbers only grow, so that the marks alone determine
-- the counts; what is behind them is counted when it is asked for, and folded in
-- now and then.

CREATE TABLE summary_minutes (
    start  bigint PRIMARY KEY, -- in minutes since the epoch
    counts bytea  NOT NULL
);

CREATE TABLE summary_hours (
    start  bigint PRIMARY KEY, -- in hours since the epoch
    counts bytea  NOT NULL
);

CREATE TABLE summary_marks (
    one            integer PRIMARY KEY CHECK (one = 1), -- there is one row
    assessment_seq bigint  NOT NULL,
    outcome_seq    bigint  NOT NULL
) WITH (fillfactor = 10);

INSERT INTO summary_marks VALUES (1, 0, 0);

CREATE TABLE keys (
    key_seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id       text COLLATE "C" NOT NULL UNIQUE,
    name         text   NOT NULL,
    role         text   NOT NULL,
    hash         bytea  NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint, -- NULL: never
    revoked_at   bigint, -- NULL: not revoked
    last_used_at bigint  -- NULL: never
);

-- What was done to the service, and by whom. Rows are only ever added.

CREATE TABLE acts (
    act_seq bigint PRIMARY KEY,
    at      bigint NOT NULL,
    actor   text   NOT NULL CHECK (actor <> ''),
    kind    text   NOT NULL CHECK (kind <> ''),
    object  text   NOT NULL,
    detail  text   NOT NULL
);

CREATE INDEX acts_by_object ON acts (object, act_seq);

-- +goose StatementBegin
CREATE FUNCTION acts_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is never changed, and nothing is deleted from it';
END $$;
-- +goose StatementEnd

CREATE TRIGGER acts_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON acts
    FOR EACH STATEMENT EXECUTE FUNCTION acts_are_kept();

-- What callers have of each gateway at the moment, for the others. A crash may lose
-- it.
CREATE UNLOGGED TABLE uses (
    told_at bigint  NOT NULL,
    items   bigint  NOT NULL,
    calls   integer NOT NULL,
    streams integer NOT NULL,
    caller  text COLLATE "C" NOT NULL,
    gateway text COLLATE "C" NOT NULL,
    PRIMARY KEY (caller, gateway)
) WITH (fillfactor = 50);

CREATE INDEX uses_by_time ON uses (told_at);

-- What is moved here from a SQLite store, and how far that is: the part, and the last
-- of its rows. While it is not finished, no gateway begins.
CREATE TABLE moves (
    done        bigint NOT NULL,
    finished_at bigint,
    source      text   PRIMARY KEY,
    part        text   NOT NULL
);
