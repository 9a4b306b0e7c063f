package provider

import (
	"context"
	"log/slog"
	"time"

	"portal/failpoint"
	"portal/models"
)

// Count asks how many machines an account has: its ECS and RDS instances, at
// least 1 (provider document: GetInstanceCount). It signs with the profile's key;
// an empty profile is the default one. Every error is a *models.CountError.
func (c *Client) Count(ctx context.Context, profile string, ownerID int64) (models.Count, error) {
	start := time.Now()
	count, failure := c.count(ctx, profile, ownerID)
	took := time.Since(start)
	attrs := []slog.Attr{
		slog.String("action", actionCount), slog.Int64("owner_id", ownerID),
		slog.String("profile", profileName(profile)), slog.Duration("took", took),
	}
	if failure != nil {
		c.observe(actionCount, string(failure.Failure), took)
		c.log.LogAttrs(ctx, slog.LevelWarn, "provider call", append(attrs, slog.String("outcome", string(failure.Failure)),
			slog.Int("status", failure.HTTPStatus), slog.String("code", failure.Code),
			slog.String("provider_request_id", failure.RequestID))...)
		return models.Count{}, failure
	}
	c.observe(actionCount, string(models.OutcomeDone), took)
	c.log.LogAttrs(ctx, slog.LevelInfo, "provider call", append(attrs, slog.String("outcome", string(models.OutcomeDone)),
		slog.String("provider_request_id", count.RequestID))...)
	return count, nil
}

func (c *Client) count(ctx context.Context, profile string, ownerID int64) (models.Count, *models.CountError) {
	if ownerID < 1 {
		return models.Count{}, &models.CountError{Failure: models.CountUnavailable, Message: "not sent: OwnerId must be positive"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	key, err := c.credentials.Key(ctx, profile)
	if err != nil {
		return models.Count{}, &models.CountError{Failure: models.CountUnavailable, Message: newRedactor().text(err.Error(), maxMessage), Cause: err}
	}
	ex := c.send(ctx, key, newCountRequest(ownerID), nil, failpoint.Count)
	e := ex.evidence()
	why, r := decideCount(e)
	texts := newRedactor(append(ex.secrets(), key.ID, key.Secret, key.Token)...)
	if why == "" {
		return models.Count{Machines: r.data, ReadAt: c.now().UTC(), RequestID: texts.text(r.requestID, maxCode)}, nil
	}
	failure := &models.CountError{
		Failure:    why,
		Code:       texts.text(r.code, maxCode),
		Message:    texts.text(r.message, maxMessage),
		RequestID:  texts.text(r.requestID, maxCode),
		HTTPStatus: e.status,
		Cause:      ctx.Err(),
	}
	if problem := ex.problem(); problem != "" {
		failure.Message = texts.text(problem, maxMessage)
	}
	return models.Count{}, failure
}
