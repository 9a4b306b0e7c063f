package portaltest

import (
	"portal/dbtest"
	"portal/fulfil"
	"portal/models"
	"portal/store"
)

// Backup copies the portal's database, which goes on, and gives the copy's path.
func (p *Portal) Backup() string {
	p.T.Helper()
	return dbtest.Copy(p.T, p.DSN, p.Now)
}

// Restore goes on with a copy, as after a disk that died: what the portal knew
// beyond it is gone, and only the sandbox remembers. Everybody has to sign in
// again.
func (p *Portal) Restore(file string) store.Restored {
	p.T.Helper()
	if err := p.Store.Close(); err != nil {
		p.T.Fatal(err)
	}
	var done store.Restored
	p.DSN, done = dbtest.Restore(p.T, file, p.Now)
	p.Store = dbtest.Reopen(p.T, p.DSN, p.Now)
	p.Worker = fulfil.NewWorker(p.Store, p.Seller, p.timeout, p.Config.Logger)
	p.Config.Store = p.Store
	p.Reload()
	return done
}

// Hold holds one account, as a restore holds all.
func (p *Portal) Hold(a models.Account) {
	p.T.Helper()
	err := dbtest.Raw(p.T, p.DSN).Exec(`INSERT INTO account_holds (account_id, since, reason, note, actor, released_by, release_note)
		VALUES (?, ?, ?, 'restored from a copy taken at 2026-11-23T05:00:00Z', 'command:root', '', '')`,
		a.ID, p.Now().UTC(), models.HeldRestored).Error
	if err != nil {
		p.T.Fatal(err)
	}
}

// SignInAgain begins another session of the same person: a restore has ended
// all.
func (b *Browser) SignInAgain() { b.p.T.Helper(); b.signIn() }
