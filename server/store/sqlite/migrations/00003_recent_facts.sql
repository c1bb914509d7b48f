-- +goose Up

-- Facts about an account's last hour, day and week.

ALTER TABLE transactions ADD COLUMN seconds_since_previous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN amount_last_hour       REAL    NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN amount_last_day        REAL    NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN amount_last_week       REAL    NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN transactions_last_week INTEGER NOT NULL DEFAULT 0;

-- With the amounts in it, sums are found without a look at the table.
DROP INDEX transactions_of_account;
CREATE INDEX transactions_of_account ON transactions (account_seq, time, amount);

-- What is recorded gets what it would have been given: by the transactions that
-- arrived before it, whose numbers are smaller. Sums beyond all doubles are the
-- largest of them. Each row goes through its account's week: 20 µs where that has
-- 25 payments, and 4 ms where it has 5,000.

UPDATE transactions SET
    seconds_since_previous = coalesce((
        SELECT min((transactions.time - o.time) / 1000000, 2147483647)
        FROM transactions AS o
        WHERE o.account_seq = transactions.account_seq AND o.time <= transactions.time
            AND o.transaction_seq < transactions.transaction_seq
        ORDER BY o.time DESC LIMIT 1), age_of_account),
    (amount_last_hour, amount_last_day, amount_last_week, transactions_last_week) = (
        SELECT min(sum(o.amount) FILTER (WHERE o.time > transactions.time - 3600000000), 1.7976931348623157e308),
            min(sum(o.amount) FILTER (WHERE o.time > transactions.time - 86400000000), 1.7976931348623157e308),
            min(sum(o.amount), 1.7976931348623157e308),
            min(count(*), 2147483647)
        FROM transactions AS o
        WHERE o.account_seq = transactions.account_seq AND o.time <= transactions.time
            AND o.time > transactions.time - 604800000000 AND o.transaction_seq <= transactions.transaction_seq);
