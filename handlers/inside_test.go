package handlers

import "portal/models"

// Registered is a route as the router has it, for tests from outside.
type Registered struct {
	Method, Path string
	Action       models.Action
	Listed       bool // in the table of routes
}

// RegisteredRoutes lists everything that the router answers.
func RegisteredRoutes(c Config) []Registered {
	actions := map[string]models.Action{}
	for _, r := range (&app{Config: c}).routes() {
		actions[r.method+" "+r.path] = r.action
	}
	var all []Registered
	for _, r := range build(c).Routes() {
		action, listed := actions[r.Method+" "+r.Path]
		all = append(all, Registered{r.Method, r.Path, action, listed})
	}
	return all
}
