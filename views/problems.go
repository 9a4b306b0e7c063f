package views

import "context"

// problemText puts a problem in words.
func problemText(ctx context.Context, p Problem) string {
	return t(ctx, "problem."+p.Key, p.Args...)
}

// at picks the problems of one field.
func at(problems []Problem, field string) []Problem {
	var out []Problem
	for _, p := range problems {
		if p.Field == field {
			out = append(out, p)
		}
	}
	return out
}

// describedBy names what explains a field: its hint, and its problems if any.
func describedBy(problems []Problem, field, hint string) string {
	if len(at(problems, field)) == 0 {
		return hint
	}
	if hint == "" {
		return field + "-problem"
	}
	return hint + " " + field + "-problem"
}
