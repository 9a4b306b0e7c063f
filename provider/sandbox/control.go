package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Control returns the levers and the ledger as HTTP, JSON in and out:
//
//	GET    /faults            the rules in force
//	PUT    /faults            an array of rules in their place
//	POST   /faults            one more rule
//	DELETE /faults            none
//	GET    /faults/known      every fault there is
//	GET    /ledger            every charge and refund
//	GET    /instances         everything sold
//	GET    /requests          how many requests arrived, by Action
//	GET    /signed            how many of them were let in, by AccessKeyId and Action
//	GET    /machines/{owner}  {"machines": 5}, as GetInstanceCount would answer
//	PUT    /machines/{owner}  {"machines": 5}
//	GET    /balance           {"balance_fen": 100000000}
//	PUT    /balance           the same
//	GET    /clock             {"calendar": …, "gateway": …}, both UTC
//	POST   /clock             {"advance_calendar": "720h", "advance_gateway": "20m"}
//
// It asks nobody for a key. The caller mounts it (with http.StripPrefix) where
// only this machine reaches it; pages of other origins are refused.
func (s *Sandbox) Control() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, read func() any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, read()) })
	}
	get("/faults", func() any { return orEmpty(s.FaultRules()) })
	get("/faults/known", func() any { return Faults() })
	get("/ledger", func() any { return orEmpty(s.Ledger()) })
	get("/instances", func() any { return orEmpty(s.Instances()) })
	get("/requests", func() any { return s.Requests() })
	get("/signed", func() any { return s.Signed() })
	get("/balance", func() any { return balanceJSON{s.Balance()} })
	get("/clock", func() any { return s.clock() })
	mux.HandleFunc("PUT /faults", lever(s.SetFaults))
	mux.HandleFunc("POST /faults", lever(s.AddFault))
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /balance", lever(func(b balanceJSON) error { return s.SetBalance(b.BalanceFen) }))
	mux.HandleFunc("POST /clock", lever(s.advance))
	mux.HandleFunc("GET /machines/{owner}", func(w http.ResponseWriter, r *http.Request) {
		owner, err := pathOwner(r)
		if err != nil {
			complain(w, err)
			return
		}
		reply(w, http.StatusOK, machinesJSON{s.Machines(owner)})
	})
	mux.HandleFunc("PUT /machines/{owner}", func(w http.ResponseWriter, r *http.Request) {
		owner, err := pathOwner(r)
		if err != nil {
			complain(w, err)
			return
		}
		lever(func(m machinesJSON) error { return s.SetMachines(owner, m.Machines) })(w, r)
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

type (
	balanceJSON struct {
		BalanceFen int64 `json:"balance_fen"`
	}
	machinesJSON struct {
		Machines int `json:"machines"`
	}
	clockJSON struct {
		Calendar time.Time `json:"calendar"`
		Gateway  time.Time `json:"gateway"`
	}
	advanceJSON struct {
		Calendar string `json:"advance_calendar"`
		Gateway  string `json:"advance_gateway"`
	}
)

func (s *Sandbox) clock() clockJSON {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clockJSON{Calendar: s.calendar(), Gateway: s.gatewayTime()}
}

func (s *Sandbox) advance(by advanceJSON) error {
	calendar, err := parseOptional(by.Calendar)
	if err != nil {
		return err
	}
	gateway, err := parseOptional(by.Gateway)
	if err != nil {
		return err
	}
	if err := s.AdvanceCalendar(calendar); err != nil {
		return err
	}
	return s.AdvanceGateway(gateway)
}

func parseOptional(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}

// lever reads a JSON body, pulls, and answers 204, or 400 with the reason.
func lever[T any](pull func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			complain(w, err)
			return
		}
		var in T
		if err := unmarshalStrict(body, &in); err != nil {
			complain(w, err)
			return
		}
		if err := pull(in); err != nil {
			complain(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func pathOwner(r *http.Request) (int64, error) {
	owner, err := strconv.ParseInt(r.PathValue("owner"), 10, 64)
	if err != nil || owner < 1 {
		return 0, errors.New("the owner is a positive number")
	}
	return owner, nil
}

func complain(w http.ResponseWriter, err error) {
	reply(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", contentJSON)
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(body) // a reader that has gone misses nothing
}

// orEmpty makes an empty list "[]" instead of "null".
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
