package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// settings is the JSON form of a Config, as `portal sandbox` reads it:
//
//	{
//	  "machines": {"1217259133477183": 5},
//	  "default_machines": 3,
//	  "balance_fen": 100000000,
//	  "token_lifetime": "24h",
//	  "release_after": "360h",
//	  "faults": [{"action": "CreateInstance", "fault": "drop-after", "times": 1}]
//	}
//
// What it does not name keeps the Config's value. Keys and the state file's path
// do not stand in it.
type settings struct {
	Machines        map[string]int `json:"machines"`
	DefaultMachines *int           `json:"default_machines"`
	BalanceFen      *int64         `json:"balance_fen"`
	TokenLifetime   string         `json:"token_lifetime"`
	ReleaseAfter    string         `json:"release_after"`
	Faults          []Rule         `json:"faults"`
}

// ReadSettings puts what a JSON document names into the Config. A field that it
// does not know is an error. New checks the values.
func (c *Config) ReadSettings(r io.Reader) error {
	var in settings
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("sandbox settings: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("sandbox settings: more than one JSON value")
	}
	if in.Machines != nil {
		c.Machines = make(map[int64]int, len(in.Machines))
		for text, n := range in.Machines {
			owner, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("sandbox settings: owner %q is not a number", text)
			}
			c.Machines[owner] = n
		}
	}
	if in.DefaultMachines != nil {
		c.DefaultMachines = *in.DefaultMachines
	}
	if in.BalanceFen != nil {
		c.BalanceFen = *in.BalanceFen
		if *in.BalanceFen == 0 {
			c.BalanceFen = EmptyAccount // here a 0 was really written
		}
	}
	for _, d := range []struct {
		name, text string
		into       *time.Duration
	}{{"token_lifetime", in.TokenLifetime, &c.TokenLifetime}, {"release_after", in.ReleaseAfter, &c.ReleaseAfter}} {
		if d.text == "" {
			continue
		}
		parsed, err := time.ParseDuration(d.text)
		if err != nil {
			return fmt.Errorf("sandbox settings: %s: %w", d.name, err)
		}
		*d.into = parsed
	}
	if in.Faults != nil {
		c.Faults = in.Faults
	}
	return nil
}
