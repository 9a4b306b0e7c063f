package passwords

import (
	"context"
	"errors"
	"testing"
)

func TestWaitingForASlotEndsWithTheRequest(t *testing.T) {
	for range cap(slots) {
		slots <- struct{}{}
	}
	defer func() {
		for range cap(slots) {
			<-slots
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Hash(ctx, "long enough indeed"); !errors.Is(err, context.Canceled) {
		t.Fatalf("hashed beyond the bound: %v", err)
	}
}
