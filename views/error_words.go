package views

import "strconv"

// errorStatus is a status code as people quote it, without grouping.
func errorStatus(p ErrorProps) string { return strconv.Itoa(p.Status) }
