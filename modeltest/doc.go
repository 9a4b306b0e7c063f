// Package modeltest lets random schedules of users, workers, faults, operators
// and clocks loose on the real record, worker and adapter, and holds what comes
// of them against the sandbox's ledger. It is tests only; docs/RELIABILITY.md
// says what they found and how to repeat them.
package modeltest
