package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// AccountFilter chooses accounts of the list, and their order. Zero values choose
// everything, by name.
type AccountFilter struct {
	State   models.AccountState
	Edition models.Edition
	// Query is part of an account's name, or the beginning of its OwnerID.
	Query string
	Sort  models.AccountSort
	Since time.Time // from when on spend is counted, UTC
}

// ListedAccount is an account with what lists say of it beside what it holds.
type ListedAccount struct {
	models.Account
	Counted   models.AccountCount
	SpentFen  models.Fen    // since AccountFilter.Since
	LastOrder *models.Order // nil for none
	Key       string        // where it stands in the list: the next page begins behind it
}

// netSpend is the one place that says what an order has moved: what was charged,
// less what was paid back.
const netSpend = `sum(CASE kind WHEN 'refund' THEN -total_fen ELSE total_fen END)`

// moneyMoved chooses the orders that have moved it: those that models.Order.Done is
// true of. There is an index of them.
const moneyMoved = `(status = 'completed' OR reason = 'recorded')`

// never stands for an end where there is none: behind every other.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// outgrownSQL is how many of the machines that an account owns are not covered.
const outgrownSQL = `CASE WHEN standings.ends_at IS NOT NULL AND (standings.ends_at > @now OR standings.auto_renew) AND account_counts.machines > standings.machines
	THEN account_counts.machines - standings.machines ELSE 0 END`

// ListAccounts lists the accounts that the viewer may oversee and that match, in
// the filter's order, behind the one whose Key is given (empty: from the first).
// A page of a reseller with 2000 accounts takes a few milliseconds under every order.
func (s *Store) ListAccounts(ctx context.Context, v models.Viewer, f AccountFilter, behind string, limit int) ([]ListedAccount, error) {
	var list []ListedAccount
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		list = nil
		key, backwards := s.sortKey(f)
		values := s.listValues(f)
		db := s.listed(tx, v, f).Select("accounts.id, "+key+" AS key", namedIn(key, values)...)
		compare, direction := ">", ""
		if backwards {
			compare, direction = "<", " DESC"
		}
		if value, id, ok := parseKey(f.Sort, behind); ok {
			values["key"], values["id"] = value, id
			db = db.Where("("+key+" "+compare+" @key OR "+key+" = @key AND accounts.id "+compare+" @id)", values)
		}
		rows, err := db.Order("2" + direction + ", 1" + direction).Limit(limit).Rows()
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var ids []int64
		for rows.Next() {
			var row ListedAccount
			scan, text := newKey(f.Sort)
			if err := rows.Scan(&row.ID, scan); err != nil {
				return err
			}
			row.Key = text() + "~" + strconv.FormatInt(row.ID, 10)
			ids, list = append(ids, row.ID), append(list, row)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return fillAccounts(tx, f, ids, list)
	})
	return list, err
}

// DescribeAccounts gives accounts that have been found for a viewer what lists
// say of them.
func (s *Store) DescribeAccounts(ctx context.Context, accounts []models.Account, since time.Time) ([]ListedAccount, error) {
	ids, list := make([]int64, len(accounts)), make([]ListedAccount, len(accounts))
	for i, a := range accounts {
		ids[i], list[i].Account = a.ID, a
	}
	return list, s.snapshot(ctx, func(tx *gorm.DB) error { return fillAccounts(tx, AccountFilter{Since: since}, ids, list) })
}

// fillAccounts reads what a page says of its accounts, a query each.
func fillAccounts(tx *gorm.DB, f AccountFilter, ids []int64, list []ListedAccount) error {
	at := make(map[int64]*ListedAccount, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	var accounts []models.Account
	if err := tx.Where("id IN ?", ids).Find(&accounts).Error; err != nil {
		return err
	}
	for _, a := range accounts {
		at[a.ID].Account = a
	}
	var counts []models.AccountCount
	if err := tx.Where("account_id IN ?", ids).Find(&counts).Error; err != nil {
		return err
	}
	for _, c := range counts {
		at[c.AccountID].Counted = c
	}
	var sums []struct {
		AccountID int64
		Fen       models.Fen
	}
	err := tx.Raw(`SELECT account_id, `+netSpend+` AS fen FROM orders WHERE `+moneyMoved+` AND account_id IN ? AND placed_at >= ? GROUP BY account_id`,
		ids, f.Since.UTC()).Scan(&sums).Error
	if err != nil {
		return err
	}
	for _, sum := range sums {
		at[sum.AccountID].SpentFen = sum.Fen
	}
	var last []models.Order
	err = tx.Where("id IN (SELECT max(id) FROM orders WHERE account_id IN ? GROUP BY account_id)", ids).Find(&last).Error
	if err != nil {
		return err
	}
	for _, o := range last {
		at[o.AccountID].LastOrder = &o
	}
	return nil
}

// CountAccounts counts the accounts that match, up to CountBound+1.
func (s *Store) CountAccounts(ctx context.Context, v models.Viewer, f AccountFilter) (int, error) {
	db := s.read.WithContext(ctx)
	var n int64
	f.Sort = "" // which needs no sums
	return int(n), db.Table("(?) AS matching", s.listed(db, v, f).Select("accounts.id").Limit(CountBound+1)).Count(&n).Error
}

// listed chooses the accounts, with all that keys and filters name.
func (s *Store) listed(db *gorm.DB, v models.Viewer, f AccountFilter) *gorm.DB {
	values := s.listValues(f)
	db = visible(db, v, models.ActOversee, "accounts.id").Table("accounts").
		Joins("JOIN standings ON standings.account_id = accounts.id").
		Joins("JOIN account_counts ON account_counts.account_id = accounts.id")
	if f.Sort == models.SortSpend {
		whose := "" // only so that no more is summed up than is listed
		if v.Whose(models.ActOversee) == models.WhoseReseller {
			whose, values["reseller"] = " AND account_id IN (SELECT id FROM accounts WHERE reseller_id = @reseller)", v.User.ResellerID
		}
		db = db.Joins(`LEFT JOIN (SELECT account_id, `+netSpend+` AS fen FROM orders
			WHERE `+moneyMoved+` AND placed_at >= @since`+whose+` GROUP BY account_id) AS spending ON spending.account_id = accounts.id`, values)
	}
	if f.Edition != "" {
		db = db.Where("standings.edition = ?", f.Edition)
	}
	if q := strings.TrimSpace(f.Query); q != "" {
		db = db.Where(`(lower(accounts.name) LIKE ? ESCAPE '\' OR accounts.name LIKE ? ESCAPE '\' OR CAST(accounts.owner_id AS TEXT) LIKE ? ESCAPE '\')`,
			// SQLite lowers ASCII only: what is typed exactly is found in every script.
			"%"+escapeLike(strings.ToLower(q))+"%", "%"+escapeLike(q)+"%", escapeLike(q)+"%")
	}
	if where := stateSQL[f.State]; where != "" {
		db = db.Where(where, namedIn(where, values)...)
	}
	return db
}

// stateSQL is what each state says; models.Subscription's State says the same.
var stateSQL = map[models.AccountState]string{
	models.AccountsUnsubscribed: `standings.ends_at IS NULL`,
	models.AccountsActive:       `standings.ends_at > @now AND NOT standings.unconfirmed`,
	models.AccountsExpiring: `standings.ends_at > @now AND standings.ends_at < @near AND NOT standings.unconfirmed
		AND NOT standings.auto_renew`,
	models.AccountsExpired:  `standings.ends_at <= @now AND NOT standings.auto_renew`,
	models.AccountsPresumed: `(standings.ends_at > @now AND standings.unconfirmed OR standings.ends_at <= @now AND standings.auto_renew)`,
	models.AccountsOutgrown: outgrownSQL + ` > 0`,
	models.AccountsAttention: `accounts.id IN (SELECT account_id FROM orders WHERE status IN ('unknown', 'needs_review', 'awaiting_approval')
		UNION SELECT account_id FROM orders WHERE status = 'rejected' AND placed_at >= @refused
		UNION SELECT account_id FROM account_holds WHERE released_at IS NULL)`,
	models.AccountsSuspended: `accounts.suspended_at IS NOT NULL`,
}

// listValues are what the queries name.
func (s *Store) listValues(f AccountFilter) map[string]any {
	now := s.now()
	return map[string]any{
		"now": now, "near": now.Add(models.NearEnd()), "refused": now.Add(-models.RecentRefusal), "since": f.Since.UTC(), "never": never,
	}
}

// namedIn are the values for what names some: gorm takes none for anything else.
func namedIn(sql string, values map[string]any) []any {
	if !strings.Contains(sql, "@") {
		return nil
	}
	return []any{values}
}

// sortKey is what the list is sorted by, then by id; and whether backwards.
func (s *Store) sortKey(f AccountFilter) (key string, backwards bool) {
	switch f.Sort {
	case models.SortEnd:
		return "coalesce(standings.ends_at, @never)", false
	case models.SortSpend:
		return "coalesce(spending.fen, 0)", true
	case models.SortOutgrown:
		return "(" + outgrownSQL + ")", true
	case models.SortName:
	}
	return strings.ReplaceAll(s.accountName(), "name", "accounts.name"), false
}

// newKey is where a key is read into, and how it is written then.
func newKey(sort models.AccountSort) (into any, text func() string) {
	switch sort {
	case models.SortEnd:
		var at keyTime
		return &at, func() string { return at.Format(time.RFC3339Nano) }
	case models.SortSpend, models.SortOutgrown:
		var n int64
		return &n, func() string { return strconv.FormatInt(n, 10) }
	case models.SortName:
	}
	var name string
	return &name, func() string { return name }
}

// keyTime is a time that an expression gives: SQLite doesn't know it as one.
type keyTime struct{ time.Time }

// Scan takes what either database gives.
func (k *keyTime) Scan(value any) (err error) {
	switch v := value.(type) {
	case time.Time:
		k.Time = v.UTC()
	case string:
		k.Time, err = time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		k.Time = k.UTC()
	}
	return err
}

// parseKey reads a Key; false for none, and for one that is none of this order.
func parseKey(sort models.AccountSort, key string) (value any, id int64, ok bool) {
	i := strings.LastIndexByte(key, '~')
	if i < 0 {
		return nil, 0, false
	}
	text := key[:i]
	id, err := strconv.ParseInt(key[i+1:], 10, 64)
	if err != nil {
		return nil, 0, false
	}
	switch sort {
	case models.SortEnd:
		at, err := time.Parse(time.RFC3339Nano, text)
		return at.UTC(), id, err == nil
	case models.SortSpend, models.SortOutgrown:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, id, err == nil
	case models.SortName:
	}
	return text, id, true
}
