// Package e2e holds tests only: the whole portal in a real browser.
package e2e
