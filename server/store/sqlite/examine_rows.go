package sqlite

import (
	"strings"

	engine "zombiezen.com/go/sqlite"
)

// rowCheck selects a line of text for whatever is wrong with rows of a table.
type rowCheck struct {
	name, table string
	wrong       []string
}

// Times are of people's calendars: the years 1 to 9999. Those that a server gave
// are from 1970 on; its clock may have been wrong within that.
const (
	anyTime = ` NOT BETWEEN -62135596800000000 AND 253402300799999999`
	ownTime = ` NOT BETWEEN 0 AND 253402300799999999`
)

var rowsWrong = []rowCheck{
	{"accounts", "accounts", []string{
		`SELECT 'account ' || account_id || ' has ' || found || ' transactions, the last at ' || coalesce(last, 'no time')
				|| '; it says ' || transactions || ' and ' || latest_time
			FROM (SELECT *, (SELECT count(*) FROM transactions AS t WHERE t.account_seq = a.account_seq) AS found,
				(SELECT max(time) FROM transactions AS t WHERE t.account_seq = a.account_seq) AS last FROM accounts AS a)
			WHERE found <> transactions OR last IS NOT latest_time`,
		numbered("accounts", "account_seq"),
		`SELECT 'account number ' || account_seq || ' has no ID or opens at no time' FROM accounts
			WHERE account_id = '' OR opened_at` + anyTime,
	}},
	{"transactions", "transactions", []string{
		numbered("transactions", "transaction_seq"),
		`SELECT 'transaction ' || transaction_id || ' has the amount ' || amount FROM transactions
			WHERE NOT (amount > 0 AND amount <= 1.7976931348623157e308)`,
		`SELECT 'transaction number ' || transaction_seq || ' has no ID or impossible times' FROM transactions
			WHERE transaction_id = '' OR time` + anyTime + ` OR recorded_at` + ownTime,
	}},
	{"assessments", "assessments", []string{
		numbered("assessments", "assessment_seq"),
		`SELECT 'assessment ' || assessment_seq || ' is of transaction number ' || a.transaction_seq || ', which is not there'
			FROM assessments AS a LEFT JOIN transactions AS t USING (transaction_seq) WHERE t.transaction_seq IS NULL`,
		`SELECT 'assessment ' || assessment_seq || ' has probability ' || probability || ', threshold ' || coalesce(threshold, 'unknown')
				|| ', label ' || label FROM assessments
			WHERE probability NOT BETWEEN 0 AND 1 OR threshold NOT BETWEEN 0 AND 1 OR label NOT IN (0, 1)`,
		`SELECT 'assessment ' || assessment_seq || ' has no model version or an impossible time' FROM assessments
			WHERE model_version = '' OR assessed_at` + ownTime,
	}},
	{"outcomes", "outcomes", []string{
		numbered("outcomes", "outcome_seq"),
		`SELECT 'outcome ' || outcome_seq || ' has label ' || label || ' and source ' || source FROM outcomes
			WHERE label NOT IN (1, 2, 3) OR source NOT IN (1, 2, 3, 4)`,
		`SELECT 'outcome ' || outcome_seq || ' has an impossible time' FROM outcomes
			WHERE occurred_at` + anyTime + ` OR reported_at` + ownTime,
	}},
	{"keys", "keys", []string{
		`SELECT 'key ' || key_id || ' is incomplete' FROM keys
			WHERE key_id = '' OR role = '' OR length(hash) <> 32 OR created_at` + anyTime,
	}},
	{"audit log", "acts", []string{
		numbered("acts", "act_seq"),
		`SELECT 'act ' || act_seq || ' has an impossible time' FROM acts WHERE at` + ownTime,
		// Stores are older than their audit log.
		unsaid("created_at", "key.created"), unsaid("revoked_at", "key.revoked"),
	}},
}

// numbered finds out whether the numbers of a table's rows are those from 1 on.
// The table's own structure sees to it that none comes twice.
func numbered(table, column string) string {
	return `SELECT n || ' rows have numbers from ' || first || ' to ' || last
		FROM (SELECT count(*) AS n, min(` + column + `) AS first, max(` + column + `) AS last FROM ` + table + `)
		WHERE n > 0 AND (first <> 1 OR last <> n)`
}

// unsaid finds keys to which something was done since there is an audit log, and
// it does not say so.
func unsaid(column, kind string) string {
	return `SELECT 'key ' || key_id || ': no act says ` + kind + `' FROM keys
		WHERE ` + column + ` >= (SELECT min(at) FROM acts) AND NOT EXISTS (SELECT 1 FROM acts WHERE object = key_id AND kind = '` + kind + `')`
}

func rowChecks() []check {
	var all []check
	for _, rows := range rowsWrong {
		all = append(all, check{rows.name, false, rows.look})
	}
	return all
}

func (rc rowCheck) look(c *engine.Conn, to *Check) error {
	if err := each(c, "SELECT count(*) FROM "+rc.table, nil, func(r *row) { to.Looked = r.int() }); err != nil {
		return err
	}
	for _, sql := range rc.wrong {
		if err := each(c, sql, nil, func(r *row) { to.wrong("%s", strings.TrimSpace(r.text())) }); err != nil {
			return err
		}
	}
	return nil
}
