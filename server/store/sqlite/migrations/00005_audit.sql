-- +goose Up

-- What was done to the service, and by whom. Rows are only ever added.

CREATE TABLE acts (
    act_seq INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL CHECK (actor <> ''),
    kind    TEXT    NOT NULL CHECK (kind <> ''),
    object  TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;

CREATE INDEX acts_by_object ON acts (object, act_seq);

-- +goose StatementBegin
CREATE TRIGGER acts_are_not_changed BEFORE UPDATE ON acts
BEGIN SELECT raise(ABORT, 'the audit log is never changed'); END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER acts_are_not_deleted BEFORE DELETE ON acts
BEGIN SELECT raise(ABORT, 'nothing is deleted from the audit log'); END;
-- +goose StatementEnd

-- REPLACE deletes without the trigger above.
-- +goose StatementBegin
CREATE TRIGGER acts_are_not_replaced BEFORE INSERT ON acts WHEN EXISTS (SELECT 1 FROM acts WHERE act_seq = new.act_seq)
BEGIN SELECT raise(ABORT, 'the audit log is never changed'); END;
-- +goose StatementEnd
