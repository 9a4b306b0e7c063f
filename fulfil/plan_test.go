package fulfil

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

var t0 = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

const margin = 15 * time.Second

func at(d time.Duration) *time.Time { v := t0.Add(d); return &v }

// attempt is one that began at t0+start and ended in outcome ("" for no answer).
func attempt(start time.Duration, outcome models.Outcome) models.Attempt {
	return models.Attempt{StartedAt: t0.Add(start), Outcome: outcome}
}

func TestWhatIsNextForAnOrder(t *testing.T) {
	placed := models.Order{Status: models.Placed, Kind: models.Buy, PlacedAt: t0, UpdatedAt: t0, DueAt: at(0)}
	sending := models.Order{Status: models.Sending, Kind: models.Buy, PlacedAt: t0, LeaseUntil: at(15 * time.Second), Attempts: 1}
	unknown := models.Order{Status: models.Unknown, Kind: models.Buy, PlacedAt: t0, DueAt: at(5 * time.Second), Attempts: 1}
	ahead := 25 * time.Hour // a clock, until it was put right
	placedAhead := models.Order{Status: models.Placed, Kind: models.Buy, PlacedAt: t0, UpdatedAt: t0.Add(ahead), DueAt: at(ahead + 5*time.Second), Attempts: 1}
	unknownAhead := models.Order{Status: models.Unknown, Kind: models.Buy, PlacedAt: t0, UpdatedAt: t0.Add(ahead), DueAt: at(ahead + 5*time.Second), Attempts: 1}
	renewal := unknown
	renewal.Kind = models.Renew
	waiting := models.Order{Status: models.AwaitingApproval, Kind: models.Buy, PlacedAt: t0, UpdatedAt: t0, DueAt: at(models.ApprovalLimit)}
	approved := placed
	approved.ApprovedAt = at(70 * time.Hour)
	one := []models.Attempt{attempt(0, models.OutcomeUnknown)}

	for name, tc := range map[string]struct {
		order    models.Order
		attempts []models.Attempt
		now      time.Duration
		send     bool
		status   models.Status // of the move, empty for none
		reason   models.Reason
	}{
		"placed and due: send":                         {placed, nil, 0, true, "", ""},
		"placed, not due yet: leave":                   {models.Order{Status: models.Placed, PlacedAt: t0, DueAt: at(time.Second)}, nil, 0, false, "", ""},
		"placed just under 15 minutes: send":           {placed, nil, PlacedLimit - 1, true, "", ""},
		"placed for 15 minutes: rejected, not charged": {placed, nil, PlacedLimit, false, models.Rejected, models.ReasonTooLong},

		"waiting for approval: leave":                            {waiting, nil, models.ApprovalLimit - 1, false, "", ""},
		"waiting for too long: rejected, not charged":            {waiting, nil, models.ApprovalLimit, false, models.Rejected, models.ReasonNobodyDecided},
		"waiting, and the clock before its placing: leave":       {waiting, nil, -time.Hour, false, "", ""},
		"approved: 15 minutes count from then":                   {approved, nil, 70*time.Hour + PlacedLimit - 1, true, "", ""},
		"approved 15 minutes ago and not sent: rejected, no sum": {approved, nil, 70*time.Hour + PlacedLimit, false, models.Rejected, models.ReasonTooLong},

		"sending under its lease: leave it to its worker":    {sending, one, 15*time.Second - 1, false, "", ""},
		"sending, and the clock before its attempt: unknown": {sending, []models.Attempt{attempt(0, "")}, -time.Minute, false, models.Unknown, models.ReasonClockBack},
		"placed, and the clock before its placing: send":     {placed, nil, -time.Hour, true, "", ""},
		"placed again by a clock that was ahead: send":       {placedAhead, []models.Attempt{attempt(0, models.OutcomeLater)}, time.Minute, true, "", ""},
		"unknown by a clock that was ahead: send":            {unknownAhead, one, time.Minute, true, "", ""},
		"and as before when the clock is there":              {unknownAhead, []models.Attempt{attempt(ahead-time.Minute, models.OutcomeUnknown)}, ahead, false, "", ""},
		"sending past its lease: unknown":                    {sending, []models.Attempt{attempt(0, "")}, 15 * time.Second, false, models.Unknown, models.ReasonWorkerLost},

		"unknown, not due yet: leave":                      {unknown, one, 5*time.Second - 1, false, "", ""},
		"unknown and due: send the same again":             {unknown, one, 5 * time.Second, true, "", ""},
		"unknown, the last moment of 24 hours: send":       {unknown, one, 24*time.Hour - margin - 1, true, "", ""},
		"unknown, too late for the token: review":          {unknown, one, 24*time.Hour - margin, false, models.NeedsReview, models.ReasonTokenWindow},
		"an unknown renewal, the last moment of 1 hour":    {renewal, one, time.Hour - margin - 1, true, "", ""},
		"an unknown renewal, too late: review":             {renewal, one, time.Hour - margin, false, models.NeedsReview, models.ReasonTokenWindow},
		"the window counts from the first attempt":         {renewal, []models.Attempt{attempt(0, models.OutcomeUnknown), attempt(50*time.Minute, models.OutcomeUnknown)}, time.Hour, false, models.NeedsReview, models.ReasonTokenWindow},
		"a clock behind the newest attempt closes it":      {unknown, []models.Attempt{attempt(0, models.OutcomeUnknown), attempt(time.Minute, models.OutcomeUnknown)}, 59 * time.Second, false, models.NeedsReview, models.ReasonClockBack},
		"unknown without an attempt can't be: review":      {unknown, nil, time.Minute, false, models.NeedsReview, models.ReasonNoAnswer},
		"in review: leave it to a person":                  {models.Order{Status: models.NeedsReview}, one, 48 * time.Hour, false, "", ""},
		"completed: leave":                                 {models.Order{Status: models.Completed}, one, 48 * time.Hour, false, "", ""},
		"rejected: leave":                                  {models.Order{Status: models.Rejected}, one, 48 * time.Hour, false, "", ""},
		"cancelled: leave":                                 {models.Order{Status: models.Cancelled}, nil, 48 * time.Hour, false, "", ""},
		"placed again after a throttle, still in its time": {placed, []models.Attempt{attempt(0, models.OutcomeLater)}, time.Minute, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := plan(tc.order, tc.attempts, t0.Add(tc.now), margin)
			if got.send != tc.send {
				t.Fatalf("send %v, want %v", got.send, tc.send)
			}
			switch {
			case tc.status == "" && got.next != nil:
				t.Fatalf("moved to %s", got.next.Status)
			case tc.status != "" && (got.next == nil || got.next.Status != tc.status || got.next.Reason != tc.reason):
				t.Fatalf("moved to %+v, want %s %s", got.next, tc.status, tc.reason)
			}
		})
	}
}

func TestWhereAnAnswerLeads(t *testing.T) {
	none := []models.Attempt{}
	harmless := []models.Attempt{attempt(0, models.OutcomeNotSent), attempt(0, models.OutcomeLater)}
	unknown := []models.Attempt{attempt(0, models.OutcomeUnknown)}
	unanswered := []models.Attempt{attempt(0, "")}
	for _, tc := range []struct {
		outcome models.Outcome
		before  []models.Attempt
		status  models.Status
		reason  models.Reason
	}{
		{models.OutcomeDone, none, models.Completed, models.ReasonDone},
		{models.OutcomeDone, unknown, models.Completed, models.ReasonDone},
		{models.OutcomeInferredDone, unknown, models.Completed, models.ReasonInferredDone},
		{models.OutcomeNotSent, none, models.Placed, models.ReasonNotSent},
		{models.OutcomeNotSent, harmless, models.Placed, models.ReasonNotSent},
		{models.OutcomeNotSent, unknown, models.Unknown, models.ReasonNotSent},
		{models.OutcomeNotSent, unanswered, models.Unknown, models.ReasonNotSent},
		{models.OutcomeLater, none, models.Placed, models.ReasonThrottled},
		{models.OutcomeLater, harmless, models.Placed, models.ReasonThrottled},
		{models.OutcomeLater, unknown, models.Unknown, models.ReasonThrottled},
		{models.OutcomeLater, unanswered, models.Unknown, models.ReasonThrottled},
		{models.OutcomeRejected, none, models.Rejected, models.ReasonRefused},
		{models.OutcomeRejected, harmless, models.Rejected, models.ReasonRefused},
		{models.OutcomeRejected, unknown, models.NeedsReview, models.ReasonContradicted},
		{models.OutcomeRejected, unanswered, models.NeedsReview, models.ReasonContradicted},
		{models.OutcomeUnknown, none, models.Unknown, models.ReasonNoAnswer},
		{models.OutcomeProvesNothing, unknown, models.Unknown, models.ReasonProvesNothing},
		{models.OutcomeContradicted, unknown, models.NeedsReview, models.ReasonContradicted},
		{"something new", none, models.Unknown, models.ReasonNoAnswer},
	} {
		got := judge(models.Order{Kind: models.Buy, Attempts: 1}, tc.before, models.Answer{Outcome: tc.outcome})
		if got.Status != tc.status || got.Reason != tc.reason {
			t.Errorf("%s after %v: %s %s, want %s %s", tc.outcome, tc.before, got.Status, got.Reason, tc.status, tc.reason)
		}
		if !models.Sending.MayBecome(got.Status) {
			t.Errorf("%s leads to %s, which sending can't become", tc.outcome, got.Status)
		}
	}
}

// TestAfterAnUnknownNothingIsEverSaidToBeUncharged is the rule behind the table.
func TestAfterAnUnknownNothingIsEverSaidToBeUncharged(t *testing.T) {
	outcomes := rapid.SampledFrom(append(models.Outcomes(), ""))
	rapid.Check(t, func(t *rapid.T) {
		var before []models.Attempt
		risky := false
		for range rapid.IntRange(0, 5).Draw(t, "attempts") {
			o := outcomes.Draw(t, "outcome")
			before = append(before, attempt(0, o))
			switch o {
			case models.OutcomeNotSent, models.OutcomeLater, models.OutcomeRejected:
			default:
				risky = true
			}
		}
		got := judge(models.Order{Kind: models.Buy}, before, models.Answer{Outcome: outcomes.Draw(t, "answer")})
		if risky && (got.Status == models.Rejected || got.Status == models.Placed || got.Status == models.Cancelled) {
			t.Fatalf("after %v: %s", before, got.Status)
		}
	})
}

func TestPausesGrow(t *testing.T) {
	for _, kind := range models.Kinds() {
		last := time.Duration(0)
		for n := 1; n < 400; n++ {
			p := pause(models.Order{Kind: kind, Attempts: n})
			if p < last || p > 15*time.Minute {
				t.Fatalf("%s: pause %s after attempt %d, %s before", kind, p, n, last)
			}
			last = p
		}
		first := pause(models.Order{Kind: kind, Attempts: 1})
		if kind == models.Refund && first != 30*time.Second || kind != models.Refund && first > 10*time.Second {
			t.Errorf("%s: first re-send after %s", kind, first)
		}
	}
}

func TestEverySendIsTheVerySame(t *testing.T) {
	o := models.Order{
		Kind: models.Buy, ClientToken: "T", OwnerID: 7, VersionCode: "level1", Cycle: models.Year, Duration: 1,
		InstanceCount: 25, AutoRenew: true, AutoRenewMonths: 6, CredentialProfile: "default", Status: models.Placed,
	}
	first := callFor(o, false)
	o.Status, o.Attempts, o.Claim, o.Code = models.Unknown, 3, 3, "x"
	again := callFor(o, true)
	again.EarlierUnknown = false
	if !reflect.DeepEqual(first, again) {
		t.Fatalf("%+v\n%+v", first, again)
	}
	for kind, want := range map[models.Kind]models.Call{
		models.Renew:   {Kind: models.Renew, OwnerID: 7, ClientToken: "T", InstanceID: "i", Cycle: models.Year, Duration: 1, InstanceCount: 25, CredentialProfile: "default"},
		models.Upgrade: {Kind: models.Upgrade, OwnerID: 7, ClientToken: "T", InstanceID: "i", VersionCode: "level1", InstanceCount: 25, CredentialProfile: "default"},
		models.Refund:  {Kind: models.Refund, OwnerID: 7, InstanceID: "i", CredentialProfile: "default"},
	} {
		o.Kind, o.InstanceID = kind, "i"
		if got := callFor(o, false); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
	}
}
