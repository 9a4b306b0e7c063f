package models_test

import (
	"errors"
	"testing"
	"time"

	"portal/models"
)

// State, DaysLeft and May at every edge of time, with and without auto-renewal.
func TestHowASubscriptionStands(t *testing.T) {
	end := time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name        string
		at          time.Time
		autoRenew   bool
		unconfirmed bool
		state       models.State
		days        int
		may         map[models.Kind]error // what is not there may begin
	}{
		{"two days left", end.Add(-25 * time.Hour), false, false, models.Active, 2, map[models.Kind]error{models.Buy: models.ErrSubscribed}},
		{"one day left", end.Add(-24 * time.Hour), false, false, models.Active, 1, map[models.Kind]error{models.Buy: models.ErrSubscribed}},
		{"its last moment", end.Add(-time.Nanosecond), true, false, models.Active, 1, map[models.Kind]error{models.Buy: models.ErrSubscribed}},
		{"renewed by itself, as far as we know", end.Add(-time.Hour), true, true, models.PresumedRenewed, 1, map[models.Kind]error{models.Buy: models.ErrSubscribed}},
		{"the end", end, false, false, models.Expired, 0, map[models.Kind]error{models.Upgrade: models.ErrExpired, models.Refund: models.ErrExpired}},
		{"the end of what was renewed by itself", end, false, true, models.Expired, 0, map[models.Kind]error{models.Upgrade: models.ErrExpired, models.Refund: models.ErrExpired}},
		{"the end with auto-renewal", end, true, false, models.PresumedRenewed, 0, map[models.Kind]error{models.Buy: models.ErrSubscribed}},
	} {
		s := &models.Subscription{EndsAt: end, AutoRenew: tc.autoRenew, Unconfirmed: tc.unconfirmed}
		if s.State(tc.at) != tc.state || s.DaysLeft(tc.at) != tc.days {
			t.Errorf("%s: %s, %d days; want %s, %d", tc.name, s.State(tc.at), s.DaysLeft(tc.at), tc.state, tc.days)
		}
		for _, kind := range models.Kinds() {
			if err := models.May(kind, s, tc.at); !errors.Is(err, tc.may[kind]) {
				t.Errorf("%s: %s: %v, want %v", tc.name, kind, err, tc.may[kind])
			}
		}
	}
}

func TestWhoHoldsNothingMayBuy(t *testing.T) {
	for _, kind := range models.Kinds() {
		want := models.ErrNotSubscribed
		if kind == models.Buy {
			want = nil
		}
		if err := models.May(kind, nil, time.Now()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", kind, err, want)
		}
	}
	if models.May("gift", nil, time.Now()) == nil {
		t.Error("an unknown kind may begin")
	}
}

func TestWhatIsInForceAtAMoment(t *testing.T) {
	at := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	s := models.Subscription{Periods: []models.Period{
		{Start: at(2), End: at(10), Spans: []models.Span{{From: at(2), InstanceCount: 1}, {From: at(5), InstanceCount: 2}}},
		{Start: at(10), End: at(20), Spans: []models.Span{{From: at(10), InstanceCount: 3}}},
	}}
	for _, tc := range []struct{ day, start, machines int }{
		{1, 2, 1}, {2, 2, 1}, {4, 2, 1}, {5, 2, 2}, {9, 2, 2}, {10, 10, 3}, {19, 10, 3}, {20, 10, 3},
	} {
		p := s.Running(at(tc.day))
		if !p.Start.Equal(at(tc.start)) || p.At(at(tc.day)).InstanceCount != tc.machines {
			t.Errorf("on day %d: %d machines of the period from %s; want %d from day %d",
				tc.day, p.At(at(tc.day)).InstanceCount, p.Start, tc.machines, tc.start)
		}
	}
	if s.Last().InstanceCount != 3 {
		t.Errorf("in force at the end: %+v", s.Last())
	}
	var none models.Subscription
	if p := none.Running(at(1)); len(p.Spans) != 0 || none.Last() != (models.Span{}) {
		t.Errorf("%+v, %+v", p, none.Last())
	}
}

func TestTheConfirmedEndLeavesOutWhatIsPresumed(t *testing.T) {
	at := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	s := models.Subscription{EndsAt: at(30), Periods: []models.Period{
		{Start: at(1), End: at(10)}, {Start: at(10), End: at(20)}, {Start: at(20), End: at(30)},
	}}
	if !s.ConfirmedEnd().Equal(at(30)) {
		t.Error(s.ConfirmedEnd())
	}
	s.Periods[1].Presumed = true
	if !s.ConfirmedEnd().Equal(at(10)) {
		t.Error(s.ConfirmedEnd())
	}
}
