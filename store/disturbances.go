package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The kinds of disturbances.
const (
	KindFault     = "fault"
	KindLifecycle = "lifecycle"
	KindThrottle  = "throttle"
	KindStock     = "stock"
)

// Disturbance is a rule by which an operator disturbs an account. It never changes, except for its
// counts.
type Disturbance struct {
	ID        string
	AccountID *string // nil: every account
	Kind      string
	Rule      json.RawMessage
	Matched   int64 // calls that the rule was asked about
	Struck    int64 // calls that it touched
	CreatedAt time.Time
}

const disturbanceColumns = `d.id, d.account_id, d.kind, d.rule, d.matched, d.struck, d.created_at`

// DisturbancesOf returns the rules that apply to an account, in their order: its own, and then those
// of every account.
func (s *Store) DisturbancesOf(ctx context.Context, accountID string) ([]Disturbance, error) {
	return Query(ctx, s, pgx.RowToStructByPos[Disturbance], `
		SELECT `+disturbanceColumns+`
		FROM disturbances d
		WHERE d.account_id = $1 OR d.account_id IS NULL
		ORDER BY d.account_id IS NULL, d.position`, accountID)
}

// ListDisturbances returns the rules of a kind in their order. An accountID of "" selects those of
// all accounts and of every account, "*" only the latter.
func (s *Store) ListDisturbances(ctx context.Context, kind, accountID string) ([]Disturbance, error) {
	return Query(ctx, s, pgx.RowToStructByPos[Disturbance], `
		SELECT `+disturbanceColumns+`
		FROM disturbances d
		WHERE d.kind = $1 AND ($2 = '' OR coalesce(d.account_id, '*') = $2)
		ORDER BY d.account_id, d.position`, kind, accountID)
}

// FindDisturbance returns a rule of a kind, or nil if there is none.
func (s *Store) FindDisturbance(ctx context.Context, kind, id string) (*Disturbance, error) {
	rows, err := Query(ctx, s, pgx.RowToAddrOfStructByPos[Disturbance], `
		SELECT `+disturbanceColumns+` FROM disturbances d WHERE d.kind = $1 AND d.id = $2`, kind, id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// LockForDisturbances locks an account while its rules change, and returns the number of its rules
// of a kind. It reports whether the account exists and has not expired at the real time now. An
// accountID of nil stands for the rules of every account.
func (tx *Tx) LockForDisturbances(
	ctx context.Context, accountID *string, kind string, now time.Time,
) (exists bool, rules int, err error) {
	if accountID == nil {
		exists = true
		tx.queue(`SELECT pg_advisory_xact_lock(hashtextextended('enisim disturbances of every account', 0))`)
	} else {
		tx.lock(rankAccounts, `
			SELECT true FROM accounts
			WHERE id = $1 AND (expires_at <= account_now(id, $2)) IS NOT TRUE
			FOR NO KEY UPDATE`,
			accountID, now).
			Query(eachValue(func(found bool) { exists = found }))
	}
	tx.queue(`
		SELECT count(*) FROM disturbances WHERE account_id IS NOT DISTINCT FROM $1 AND kind = $2`, accountID, kind).
		Query(eachValue(func(count int) { rules = count }))
	return exists, rules, tx.send(ctx)
}

// NewDisturbanceID returns a new id for a rule of a kind.
func NewDisturbanceID(kind string) string {
	const length = 12 // 60 random bits
	return kind + "-" + strings.ToLower(rand.Text()[:length])
}

// InsertDisturbanceSQL inserts a rule, with the arguments of DisturbanceArguments. A rule is stored
// without its account and id, which have columns of their own.
const InsertDisturbanceSQL = `
	INSERT INTO disturbances (id, account_id, kind, rule, created_at)
	VALUES ($1, $2, $3, $4::jsonb - 'account' - 'id', $5)`

// DisturbanceArguments returns the arguments of InsertDisturbanceSQL.
func DisturbanceArguments(d Disturbance) []any {
	return []any{d.ID, d.AccountID, d.Kind, d.Rule, d.CreatedAt}
}

// InsertDisturbance queues the write of a rule.
func (tx *Tx) InsertDisturbance(d Disturbance) {
	tx.write(1, InsertDisturbanceSQL, DisturbanceArguments(d)...)
}

// DeleteLockedDisturbances queues the deletion of an account's rules of a kind, which are locked. An
// accountID of nil stands for the rules of every account.
func (tx *Tx) DeleteLockedDisturbances(accountID *string, kind string) {
	tx.queue(`DELETE FROM disturbances WHERE account_id IS NOT DISTINCT FROM $1 AND kind = $2`, accountID, kind)
}

// DeleteDisturbance deletes a rule, and returns it. It returns nil if there is none.
func (tx *Tx) DeleteDisturbance(ctx context.Context, kind, id string) (deleted *Disturbance, err error) {
	tx.lock(rankDisturbances, `
		DELETE FROM disturbances d WHERE d.kind = $1 AND d.id = $2 RETURNING `+disturbanceColumns, kind, id).
		Query(each(disturbanceFields, func(d Disturbance) { deleted = &d }))
	return deleted, tx.send(ctx)
}

func disturbanceFields(d *Disturbance) []any {
	return []any{&d.ID, &d.AccountID, &d.Kind, &d.Rule, &d.Matched, &d.Struck, &d.CreatedAt}
}

// DeleteDisturbances deletes the rules of a kind that an account has, or with "*" those of every
// account, and returns them.
func (tx *Tx) DeleteDisturbances(ctx context.Context, kind, accountID string) (deleted []Disturbance, err error) {
	tx.lock(rankDisturbances, `
		DELETE FROM disturbances d WHERE d.kind = $1 AND coalesce(d.account_id, '*') = $2
		RETURNING `+disturbanceColumns, kind, accountID).
		Query(each(disturbanceFields, func(d Disturbance) { deleted = append(deleted, d) }))
	return deleted, tx.send(ctx)
}

// LockRuleCounts locks the counts of some rules, and returns the number of calls that each has
// matched. A rule that was deleted meanwhile is missing.
func (tx *Tx) LockRuleCounts(ctx context.Context, ids []string) (map[string]int64, error) {
	type count struct {
		id      string
		matched int64
	}
	matched := map[string]int64{}
	tx.lock(rankDisturbances, `
		SELECT id, matched FROM disturbances WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`, ids).
		Query(each(func(c *count) []any { return []any{&c.id, &c.matched} },
			func(c count) { matched[c.id] = c.matched }))
	return matched, tx.send(ctx)
}

// RuleCounts returns the number of calls that some rules have matched, without a lock. A rule that
// was deleted is missing.
func (s *Store) RuleCounts(ctx context.Context, ids []string) (map[string]int64, error) {
	type count struct {
		ID      string
		Matched int64
	}
	rows, err := Query(ctx, s, pgx.RowToStructByPos[count], `
		SELECT id, matched FROM disturbances WHERE id = ANY ($1)`, ids)
	matched := make(map[string]int64, len(rows))
	for _, row := range rows {
		matched[row.ID] = row.Matched
	}
	return matched, err
}

// AddRuleCounts queues the write that adds to the counts of a locked rule.
func (tx *Tx) AddRuleCounts(id string, matched, struck int64) {
	tx.write(1, `
		UPDATE disturbances SET matched = matched + $2, struck = struck + $3 WHERE id = $1`, id, matched, struck)
}

// NewestDisturbances returns the newest rules of a kind that an account has, those of every account
// among them, and how many there are. A kind of "" selects all kinds, and an accountID of "" those of all
// accounts.
func (s *Store) NewestDisturbances(
	ctx context.Context, kind, accountID string, limit int,
) (List[Disturbance], error) {
	var list List[Disturbance]
	err := s.snapshot(ctx, func(batch *pgx.Batch) {
		const selected = `
			FROM disturbances d
			WHERE ($1 = '' OR d.account_id = $1 OR d.account_id IS NULL) AND ($2 = '' OR d.kind = $2)`
		batch.Queue(`SELECT count(*)`+selected, accountID, kind).
			QueryRow(func(row pgx.Row) error { return row.Scan(&list.Total) })
		batch.Queue(`SELECT `+disturbanceColumns+selected+`
			ORDER BY d.created_at DESC, d.id
			LIMIT $3`, accountID, kind, limit+1).
			Query(func(rows pgx.Rows) (err error) {
				list.Rows, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Disturbance])
				return err
			})
	})
	list.cut(limit)
	return list, err
}
