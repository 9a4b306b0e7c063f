package pricing

import (
	"fmt"
	"slices"
)

// table reads the keys of one TOML table, notes each that is missing or of
// another type, and in the end those that nobody asked for. Decoding into a
// struct would stop at the first wrong type and take "Currency" for "currency".
type table struct {
	name     string // "editions.pro", empty for the file itself
	values   map[string]any
	asked    map[string]bool
	problems *problems
}

func newTable(name string, values map[string]any, p *problems) *table {
	return &table{name: name, values: values, asked: map[string]bool{}, problems: p}
}

// key is the full name of a key, as problems name it.
func (t *table) key(key string) string {
	if t.name == "" {
		return key
	}
	return t.name + "." + key
}

// keys are all that the table has, sorted.
func (t *table) keys() []string {
	keys := make([]string, 0, len(t.values))
	for k := range t.values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// refuseRest notes the keys that nobody asked for: a misspelt key must not be a
// price that silently does not apply.
func (t *table) refuseRest() {
	for _, k := range t.keys() {
		if !t.asked[k] {
			t.problems.add(t.key(k), "unknown key; correct its spelling or remove it")
		}
	}
}

// value asks for a key, and notes with example when it is missing.
func (t *table) value(key, example string) (any, bool) {
	t.asked[key] = true
	v, ok := t.values[key]
	if !ok {
		t.problems.add(t.key(key), "missing; write %s", example)
	}
	return v, ok
}

func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// read asks for a key of type T and notes with example what it should be.
func read[T any](t *table, key, example string) (T, bool) {
	var zero T
	v, ok := t.value(key, example)
	if !ok {
		return zero, false
	}
	typed, ok := v.(T)
	if !ok {
		t.problems.add(t.key(key), "%s can't be read here; write %s", describe(v), example)
		return zero, false
	}
	return typed, true
}

// tables asks for a list of tables, written as [[key]] or inline.
func (t *table) tables(key, example string) []*table {
	v, ok := t.value(key, example)
	if !ok {
		return nil
	}
	var list []map[string]any
	switch v := v.(type) {
	case []map[string]any:
		list = v
	case []any:
		for _, item := range v {
			m, ok := item.(map[string]any)
			if !ok {
				t.problems.add(t.key(key), "%s can't be read here; write %s", describe(item), example)
				return nil
			}
			list = append(list, m)
		}
	default:
		t.problems.add(t.key(key), "%s can't be read here; write %s", describe(v), example)
		return nil
	}
	read := make([]*table, len(list))
	for i, m := range list {
		read[i] = newTable(fmt.Sprintf("%s (no. %d)", t.key(key), i+1), m, t.problems)
	}
	return read
}

// describe names a value in a problem.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("the text %.40q", v)
	case bool:
		return fmt.Sprintf("%t", v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	default:
		return "a value of this type"
	}
}
