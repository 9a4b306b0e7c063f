package models_test

import (
	"testing"
	"time"

	"portal/models"
)

// TestWhatTheEvidenceRecommends: a late answer that says "done" outweighs the
// rest; a refusal points somewhere only by what its code contains; silence
// points nowhere.
func TestWhatTheEvidenceRecommends(t *testing.T) {
	placed := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return placed.Add(time.Duration(minutes) * time.Minute) }
	attempt := func(n, minutes int, outcome models.Outcome, code string) models.Attempt {
		return models.Attempt{Number: n, StartedAt: at(minutes), Outcome: outcome, Code: code, RequestID: "R"}
	}
	late := func(response string) models.Attempt {
		a := attempt(1, 1, models.OutcomeDone, "")
		a.Late, a.Response = true, response
		return a
	}
	silent := attempt(1, 1, models.OutcomeUnknown, "")
	contradicted := func(code string) []models.Attempt {
		return []models.Attempt{silent, attempt(2, 2, models.OutcomeContradicted, code)}
	}

	for name, tc := range map[string]struct {
		kind     models.Kind
		reason   models.Reason
		attempts []models.Attempt
		want     models.Advice // From and To in minutes from the placing, see below
		from, to int
	}{
		"a late answer says done, with its ids": {
			models.Buy, models.ReasonTokenWindow,
			[]models.Attempt{late(`{"OrderId":"2028","InstanceId":"sas-1","RequestId":"R"}`), attempt(2, 2, models.OutcomeUnknown, "")},
			models.Advice{Finding: models.FoundDone, Leans: models.VerdictCompleted, Attempt: 1, ProviderOrderID: "2028", InstanceID: "sas-1", RequestID: "R"}, 1, 60,
		},
		"also where a refusal came after it": {
			models.Buy, models.ReasonContradicted,
			[]models.Attempt{late(`{"OrderId":2028,"InstanceIds":["sas-1"]}`), attempt(2, 2, models.OutcomeContradicted, "InsufficientBalance")},
			models.Advice{Finding: models.FoundDone, Leans: models.VerdictCompleted, Attempt: 1, ProviderOrderID: "2028", InstanceID: "sas-1", RequestID: "R"}, 1, 60,
		},
		"and where the kept answer was cut": {
			models.Renew, models.ReasonClockBack, []models.Attempt{late(`{"OrderId":"20`)},
			models.Advice{Finding: models.FoundDone, Leans: models.VerdictCompleted, Attempt: 1, RequestID: "R"}, 0, 60,
		},
		"a refund whose instance was found gone, late": {
			models.Refund, models.ReasonTokenWindow, []models.Attempt{silent, attempt(2, 2, models.OutcomeInferredDone, "Instance.NotFound")},
			models.Advice{Finding: models.FoundGone, Leans: models.VerdictCompleted, Attempt: 2, Code: "Instance.NotFound", RequestID: "R"}, 1, 60,
		},
		"a purchase refused because there is an instance": {
			models.Buy, models.ReasonContradicted, contradicted("Instance.AlreadyExists"),
			models.Advice{Finding: models.FoundExists, Leans: models.VerdictCompleted, Attempt: 2, Code: "Instance.AlreadyExists", RequestID: "R"}, 1, 60,
		},
		"a purchase refused because there is none of something": {
			models.Buy, models.ReasonContradicted, contradicted("Commodity.NotExist"),
			models.Advice{Finding: models.FoundRefused, Attempt: 2, Code: "Commodity.NotExist", RequestID: "R"}, 1, 60,
		},
		"an upgrade refused because it would not go up": {
			models.Upgrade, models.ReasonContradicted, contradicted("InvalidUpgrade.NotHigher"),
			models.Advice{Finding: models.FoundNotHigher, Leans: models.VerdictCompleted, Attempt: 2, Code: "InvalidUpgrade.NotHigher", RequestID: "R"}, 1, 60,
		},
		"a renewal refused because the instance is gone": {
			models.Renew, models.ReasonContradicted, contradicted("InstanceNotExist"),
			models.Advice{Finding: models.FoundVanished, Leans: models.VerdictRejected, Attempt: 2, Code: "InstanceNotExist", RequestID: "R"}, 1, 60,
		},
		"a renewal refused because the instance is not released": {
			models.Renew, models.ReasonContradicted, contradicted("Instance.NotReleased"),
			models.Advice{Finding: models.FoundRefused, Attempt: 2, Code: "Instance.NotReleased", RequestID: "R"}, 1, 60,
		},
		"refused for another reason": {
			models.Buy, models.ReasonContradicted, contradicted("InsufficientBalance"),
			models.Advice{Finding: models.FoundRefused, Attempt: 2, Code: "InsufficientBalance", RequestID: "R"}, 1, 60,
		},
		"no usable answer as long as the token was good": {
			models.Buy, models.ReasonTokenWindow,
			[]models.Attempt{attempt(1, 1, models.OutcomeNotSent, ""), attempt(2, 3, "", ""), attempt(3, 5, models.OutcomeUnknown, "")},
			models.Advice{Finding: models.FoundSilence}, 3, 60,
		},
		"the clock went back: from the earliest time on record": {
			models.Renew, models.ReasonClockBack, []models.Attempt{attempt(1, 90, models.OutcomeUnknown, ""), attempt(2, -30, models.OutcomeUnknown, "")},
			models.Advice{Finding: models.FoundClock}, -30, 90,
		},
		"restored, and the copy knows of no attempt: from the placing to the restore": {
			models.Buy, models.ReasonRestored, nil, models.Advice{Finding: models.FoundRestored}, 0, 60,
		},
		"restored, and the copy knows of one": {
			models.Renew, models.ReasonRestored, []models.Attempt{silent}, models.Advice{Finding: models.FoundRestored}, 1, 60,
		},
		"a worker that was lost says late that it sent nothing": {
			models.Buy, models.ReasonTokenWindow, []models.Attempt{attempt(1, 1, models.OutcomeNotSent, "")},
			models.Advice{Finding: models.FoundUnsent, Leans: models.VerdictRejected, Attempt: 1}, 0, 60,
		},
		"nothing on record": {
			models.Buy, models.ReasonNoAnswer, nil, models.Advice{Finding: models.FoundNothing}, 0, 60,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := models.Order{Kind: tc.kind, Reason: tc.reason, Status: models.NeedsReview, PlacedAt: placed, UpdatedAt: at(60)}
			got := models.Evidence{Order: o, Attempts: tc.attempts}.Advise()
			tc.want.From, tc.want.To = at(tc.from).Add(-models.MaxSkew), at(tc.to).Add(models.MaxSkew)
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// TestAProposalStandsUntilOperatorsDoSomethingElse; what workers leave behind
// does not end it.
func TestAProposalStandsUntilOperatorsDoSomethingElse(t *testing.T) {
	event := func(r models.Reason) models.Event {
		return models.Event{From: models.NeedsReview, To: models.NeedsReview, Reason: r}
	}
	became := models.Event{From: models.Unknown, To: models.NeedsReview, Reason: models.ReasonTokenWindow}
	settled := models.Event{From: models.NeedsReview, To: models.Rejected, Reason: models.ReasonSettled}
	proposed := event(models.ReasonProposedRejected)
	for name, tc := range map[string]struct {
		events []models.Event
		want   models.Verdict
	}{
		"none":                   {nil, ""},
		"in review":              {[]models.Event{became}, ""},
		"proposed":               {[]models.Event{became, proposed}, models.VerdictRejected},
		"proposed, and evidence": {[]models.Event{became, proposed, event(models.ReasonLate)}, models.VerdictRejected},
		"proposed and withdrawn": {[]models.Event{became, proposed, event(models.ReasonWithdrawn)}, ""},
		"proposed and declined":  {[]models.Event{became, proposed, event(models.ReasonDeclined)}, ""},
		"proposed and released":  {[]models.Event{became, event(models.ReasonProposedReleased), event(models.ReasonReleased)}, ""},
		"proposed anew":          {[]models.Event{became, proposed, event(models.ReasonDeclined), event(models.ReasonProposedCompleted)}, models.VerdictCompleted},
		"proposed and settled":   {[]models.Event{became, proposed, settled}, ""},
	} {
		var got models.Verdict
		if p := models.Proposal(tc.events); p != nil {
			got = p.Reason.Proposes()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestOnlyAReviewIsWrittenOn: every other event moves its order, but for an answer
// that comes late.
func TestOnlyAReviewIsWrittenOn(t *testing.T) {
	notes := map[models.Reason]bool{
		models.ReasonReleased: true, models.ReasonWithdrawn: true, models.ReasonDeclined: true,
		models.ReasonProposedCompleted: true, models.ReasonProposedRejected: true,
		models.ReasonProposedRecorded: true, models.ReasonProposedReleased: true,
	}
	for _, s := range models.Statuses() {
		for _, r := range models.Reasons() {
			if got, want := s.MayNote(r), notes[r] && s == models.NeedsReview || r == models.ReasonLate; got != want {
				t.Errorf("%s on an order that is %s: %v", r, s, got)
			}
		}
	}
	for _, v := range models.Verdicts() {
		if got := v.Proposed().Proposes(); got != v || !notes[v.Proposed()] {
			t.Errorf("%s is proposed as %q", v, got)
		}
	}
}
