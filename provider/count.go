package provider

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"portal/models"
)

// CountErrorKind is why the provider's count could not be had.
type CountErrorKind string

// Every kind.
const (
	CountThrottled   CountErrorKind = "throttled"   // the provider asks to try later
	CountRefused     CountErrorKind = "refused"     // the provider refused, with a code
	CountUnavailable CountErrorKind = "unavailable" // no answer, or none that can be read
)

// CountErrorKinds lists every kind.
func CountErrorKinds() []CountErrorKind {
	return []CountErrorKind{CountThrottled, CountRefused, CountUnavailable}
}

// CountError says why GetInstanceCount gave no count. The call is read-only:
// nothing was charged. It holds no secrets.
type CountError struct {
	Kind       CountErrorKind
	Code       string // the provider's, empty without one
	Message    string // the provider's, or why there was no answer
	RequestID  string
	HTTPStatus int // 0 when no status line came
	cause      error
}

func (e *CountError) Error() string {
	return fmt.Sprintf("counting machines: %s (status %d, code %q, request %q): %s",
		e.Kind, e.HTTPStatus, e.Code, e.RequestID, e.Message)
}

// Unwrap gives ErrNoCredentials or the context's error, nothing that could quote
// a secret.
func (e *CountError) Unwrap() error { return e.cause }

// Count asks how many machines an account has: its ECS and RDS instances, at
// least 1 (provider document: GetInstanceCount). It signs with the default
// profile. Every error is a *CountError.
func (c *Client) Count(ctx context.Context, ownerID int64) (models.Count, error) {
	start := time.Now()
	count, failure := c.count(ctx, ownerID)
	took := time.Since(start)
	attrs := []slog.Attr{slog.String("action", actionCount), slog.Int64("owner_id", ownerID), slog.Duration("took", took)}
	if failure != nil {
		c.observe(actionCount, string(failure.Kind), took)
		c.log.LogAttrs(ctx, slog.LevelWarn, "provider call", append(attrs, slog.String("outcome", string(failure.Kind)),
			slog.Int("status", failure.HTTPStatus), slog.String("code", failure.Code),
			slog.String("provider_request_id", failure.RequestID))...)
		return models.Count{}, failure
	}
	c.observe(actionCount, string(models.OutcomeDone), took)
	c.log.LogAttrs(ctx, slog.LevelInfo, "provider call", append(attrs, slog.String("outcome", string(models.OutcomeDone)),
		slog.String("provider_request_id", count.RequestID))...)
	return count, nil
}

func (c *Client) count(ctx context.Context, ownerID int64) (models.Count, *CountError) {
	if ownerID < 1 {
		return models.Count{}, &CountError{Kind: CountUnavailable, Message: "not sent: OwnerId must be positive"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	key, err := c.credentials.Key(ctx, "")
	if err != nil {
		return models.Count{}, &CountError{Kind: CountUnavailable, Message: newRedactor().text(err.Error(), maxMessage), cause: err}
	}
	ex := c.send(ctx, key, newCountRequest(ownerID))
	e := ex.evidence()
	kind, r := decideCount(e)
	texts := newRedactor(append(ex.secrets(), key.ID, key.Secret, key.Token)...)
	if kind == "" {
		return models.Count{Machines: r.data, ReadAt: c.now().UTC(), RequestID: texts.text(r.requestID, maxCode)}, nil
	}
	failure := &CountError{
		Kind:       kind,
		Code:       texts.text(r.code, maxCode),
		Message:    texts.text(r.message, maxMessage),
		RequestID:  texts.text(r.requestID, maxCode),
		HTTPStatus: e.status,
		cause:      ctx.Err(),
	}
	if problem := ex.problem(); problem != "" {
		failure.Message = texts.text(problem, maxMessage)
	}
	return models.Count{}, failure
}
