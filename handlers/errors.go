package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// errCrossOrigin is a form that another site posted.
var errCrossOrigin = errors.New("cross-origin request refused")

// statusClientGone is nginx's number for a client that did not wait.
const statusClientGone = 499

// throttledError asks to wait.
type throttledError struct{ wait time.Duration }

func (e *throttledError) Error() string { return "throttled for " + e.wait.String() }

// attempt counts a try of something that is bounded: a *throttledError when there
// were too many.
func (a *app) attempt(ctx context.Context, limits ...store.Limit) error {
	wait, err := a.Store.Attempt(ctx, limits...)
	if err == nil && wait > 0 {
		err = &throttledError{wait}
	}
	return err
}

// minutes is the wait in whole minutes, at least one.
func (e *throttledError) minutes() int { return int((e.wait + time.Minute - 1) / time.Minute) }

// fail is the one place that turns an error into a status and a page.
func (a *app) fail(err error, c echo.Context) {
	if c.Response().Committed {
		exchangeOf(c.Request()).broken = true
		level := slog.LevelError
		if c.Request().Context().Err() != nil {
			level = slog.LevelInfo // the client went away
		}
		a.Logger.Log(context.WithoutCancel(c.Request().Context()), level, "a response broke off", "request_id", c.Get(keyRequestID), "error", err)
		return
	}
	a.Store.Notice(err)
	status, props := describe(err)
	if status == statusClientGone {
		_ = c.NoContent(status) // for the log and the metrics; nobody reads a page
		return
	}
	props.Status = status
	if status == http.StatusServiceUnavailable && props.Key == "unavailable" && c.Request().Method == http.MethodPost {
		notSaved(c, err, &props)
	}
	if props.Back == "" {
		props.Back = "/"
	}
	if c.Request().Method == http.MethodGet && status >= 500 {
		props.Retry = c.Request().URL.RequestURI()
	}
	if status >= 500 {
		a.Logger.Error("request failed", "request_id", c.Get(keyRequestID), "path", c.Request().URL.Path, "error", err)
	}
	if renderErr := a.render(c, status, views.Error(a.page(c), props)); renderErr != nil {
		a.Logger.Error("the error page failed", "request_id", c.Get(keyRequestID), "error", renderErr)
		_ = c.NoContent(http.StatusInternalServerError) // nothing better can be said any more
	}
}

// describe decides status and words. Internal texts stay in the log.
func describe(err error) (int, views.ErrorProps) {
	var (
		count     *models.CountError
		throttled *throttledError
		http4xx   *echo.HTTPError
		tooLarge  *http.MaxBytesError
	)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return http.StatusNotFound, views.ErrorProps{Key: "not_found"}
	case errors.Is(err, context.Canceled):
		return statusClientGone, views.ErrorProps{Key: "internal"} // nobody reads it
	case errors.Is(err, models.ErrForbidden):
		return http.StatusForbidden, views.ErrorProps{Key: "forbidden"}
	case errors.Is(err, errViewing):
		return http.StatusForbidden, views.ErrorProps{Key: "viewing"}
	case errors.Is(err, errViewOver):
		return http.StatusForbidden, views.ErrorProps{Key: "view_over"}
	case errors.Is(err, errCrossOrigin):
		return http.StatusForbidden, views.ErrorProps{Key: "csrf"}
	case errors.As(err, &throttled):
		return http.StatusTooManyRequests, views.ErrorProps{
			Key: "throttled", Args: []any{"Minutes", strconv.Itoa(throttled.minutes())},
		}
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, views.ErrorProps{Key: "too_large"}
	case errors.As(err, &count):
		return describeCount(count)
	case errors.As(err, &http4xx):
		switch http4xx.Code {
		case http.StatusNotFound:
			return http4xx.Code, views.ErrorProps{Key: "not_found"}
		case http.StatusMethodNotAllowed:
			return http4xx.Code, views.ErrorProps{Key: "method"}
		case http.StatusRequestEntityTooLarge:
			return http4xx.Code, views.ErrorProps{Key: "too_large"}
		case http.StatusBadRequest, http.StatusUnsupportedMediaType:
			return http.StatusBadRequest, views.ErrorProps{Key: "bad_request"}
		}
	case errors.As(err, new(*faultError)), store.Unavailable(err):
		return http.StatusServiceUnavailable, views.ErrorProps{Key: "unavailable"}
	}
	return http.StatusInternalServerError, views.ErrorProps{Key: "internal"}
}

// describeCount is for a number of machines that could not be read: nothing
// can be quoted, and nothing can have been charged.
func describeCount(e *models.CountError) (int, views.ErrorProps) {
	switch e.Failure {
	case models.CountThrottled:
		return http.StatusServiceUnavailable, views.ErrorProps{Key: "count_throttled"}
	case models.CountClock:
		return http.StatusServiceUnavailable, views.ErrorProps{Key: "clock"}
	case models.CountRefused:
		return http.StatusBadGateway, views.ErrorProps{Key: "count_refused", Args: []any{"Code", e.Code, "RequestID", e.RequestID}}
	case models.CountUnavailable:
	}
	return http.StatusServiceUnavailable, views.ErrorProps{Key: "count_unavailable"}
}
