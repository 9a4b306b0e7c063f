package main

import (
	"strings"
	"testing"

	"portal/demo"
	"portal/mailtest"
)

// TestMailsOfTheProgram: with a mail server the doctor looks at it, a test message
// can be sent, and what is bought has a receipt; without the right password the
// doctor says so, and nobody repeats it.
func TestMailsOfTheProgram(t *testing.T) {
	dir := t.TempDir()
	server := mailtest.Listen(t, "127.0.0.1:0", mailtest.Plain())
	env := []string{"PORTAL_SMTP_SERVER=" + server.Addr, "PORTAL_SMTP_FROM=Portal <portal@example.com>", "PORTAL_SMTP_TLS=none"}
	if code, out := ask(t, dir, env, "", "mail", "test", "me@example.com"); code != 0 || len(server.Messages()) != 1 {
		t.Fatal(code, out)
	}
	s := serve(t, dir, env)
	s.buy("lin@example.com", demo.Password)
	if code, out := ask(t, dir, env, "", "doctor"); !well(code, out) || !strings.Contains(out, "ok    E-mail") {
		t.Fatal(code, out)
	}
	until(t, "the receipt", func() bool { return len(server.Messages()) == 2 })
	if m := server.Messages()[1]; m.To != "lin@example.com" || !strings.Contains(string(m.Data), s.url+"/orders/") {
		t.Errorf("%s\n%s", m.To, m.Data)
	}

	wrong := []string{
		"PORTAL_SMTP_SERVER=" + mailtest.Listen(t, "127.0.0.1:0").Addr, "PORTAL_SMTP_FROM=portal@example.com",
		"PORTAL_SMTP_USER=portal", "PORTAL_SMTP_PASSWORD=hidden-word",
	}
	code, out := ask(t, t.TempDir(), wrong, "", "doctor")
	if code != 1 || !strings.Contains(out, "BAD   E-mail       the mail server's certificate is not trusted") || strings.Contains(out, "hidden-word") {
		t.Error(code, out)
	}
}
