package world

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// readDisturbances returns the rules of accounts, without ids and counts, in their order.
func readDisturbances(ctx context.Context, tx pgx.Tx, accountIDs []string) ([]store.Disturbance, error) {
	rows, _ := tx.Query(ctx, `
		SELECT account_id, kind, rule FROM disturbances WHERE account_id = ANY ($1) ORDER BY account_id, position`,
		accountIDs) // CollectRows returns its error too
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d store.Disturbance, err error) {
		return d, row.Scan(&d.AccountID, &d.Kind, &d.Rule)
	})
}

// replaceDisturbances makes the rules of the world's locked accounts equal to those of the world. The
// rules of an account and a kind are replaced all together if any differs, because their order counts.
// Otherwise they keep their ids and counts.
func replaceDisturbances(ctx context.Context, tx pgx.Tx, w *World, now time.Time, written *changeCounter) error {
	existing, err := readDisturbances(ctx, tx, w.accountIDs())
	if err != nil {
		return err
	}
	return changeDisturbances(ctx, tx, w, existing, now, written)
}

// changeDisturbances is replaceDisturbances for accounts whose existing rules are known.
func changeDisturbances(
	ctx context.Context, tx pgx.Tx, w *World, existing []store.Disturbance, now time.Time, written *changeCounter,
) error {
	const table = "disturbances"
	before, wanted := groupRules(existing), groupRules(w.Disturbances)
	for _, group := range rulesInOrder(existing, w.Disturbances) {
		if slices.EqualFunc(before[group], wanted[group], equalRules) {
			continue
		}
		deleted, err := tx.Exec(ctx, `DELETE FROM disturbances WHERE account_id = $1 AND kind = $2`,
			group.accountID, group.kind)
		if err != nil {
			return err
		}
		written.count(worldStep{verb: remove, table: table}, deleted.RowsAffected())
		for _, d := range wanted[group] {
			d.ID, d.CreatedAt = store.NewDisturbanceID(d.Kind), now
			if _, err := tx.Exec(ctx, store.InsertDisturbanceSQL, store.DisturbanceArguments(d)...); err != nil {
				return err
			}
		}
		written.count(worldStep{verb: insert, table: table}, int64(len(wanted[group])))
	}
	return nil
}

// ruleGroup is the rules of an account and a kind.
type ruleGroup struct{ accountID, kind string }

func groupOf(d store.Disturbance) ruleGroup { return ruleGroup{*d.AccountID, d.Kind} }

func groupRules(rules []store.Disturbance) map[ruleGroup][]store.Disturbance {
	groups := map[ruleGroup][]store.Disturbance{}
	for _, d := range rules {
		groups[groupOf(d)] = append(groups[groupOf(d)], d)
	}
	return groups
}

// rulesInOrder returns the groups of some rules, each once.
func rulesInOrder(lists ...[]store.Disturbance) (groups []ruleGroup) {
	for _, d := range slices.Concat(lists...) {
		if !slices.Contains(groups, groupOf(d)) {
			groups = append(groups, groupOf(d))
		}
	}
	return groups
}

// equalRules reports whether two rules say the same, however their JSON is written.
func equalRules(a, b store.Disturbance) bool { return bytes.Equal(canonicalRule(a), canonicalRule(b)) }

func canonicalRule(d store.Disturbance) []byte {
	var rule map[string]any
	if json.Unmarshal(d.Rule, &rule) != nil {
		return d.Rule
	}
	delete(rule, "account")
	delete(rule, "id")
	text, err := json.Marshal(rule) // the keys of a map are sorted
	if err != nil {
		return d.Rule
	}
	return text
}
