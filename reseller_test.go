package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portal/provider/sandbox"
)

// TestEveryProfileIsLookedAt: the commands that give resellers their profiles, and
// the doctor, who tries each of them.
func TestEveryProfileIsLookedAt(t *testing.T) {
	dir, at := t.TempDir(), freeAddress(t)
	box := command(dir, nil, "sandbox", "--at", at)
	if err := box.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Process.Kill(); _ = box.Wait() })
	until(t, "the sandbox", func() bool {
		c, err := net.Dial("tcp", at)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	file := filepath.Join(dir, "credentials")
	profiles := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	north := "[north]\ntype=access_key\naccess_key_id=" + sandbox.NorthAccessKeyID + "\naccess_key_secret="
	profiles(north + sandbox.NorthAccessKeySecret + "\n")
	env := []string{
		"PORTAL_PROVIDER=alibaba", "PORTAL_PROVIDER_ENDPOINT=http://" + at, "ALIBABA_CLOUD_CREDENTIALS_FILE=" + file,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + sandbox.DemoAccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + sandbox.DemoAccessKeySecret,
		"ALIBABA_CLOUD_ECS_METADATA_DISABLED=true",
	}
	must := func(want string, status int, args ...string) {
		t.Helper()
		code, out := ask(t, dir, env, "", args...)
		if code != status || !strings.Contains(out, want) {
			t.Fatalf("portal %s: %d\n%s", strings.Join(args, " "), code, out)
		}
	}
	must(`Added reseller "North Cloud"`, 0, "reseller", "add", "--name", "North Cloud", "--credential-profile", "north")
	must(`Added reseller "East"`, 0, "reseller", "add", "--name", "East")
	must(`already`, 1, "reseller", "add", "--name", "East")
	for _, key := range []string{"LTAI5tExampleExampleExample", "a b"} {
		code, out := ask(t, dir, env, "", "reseller", "add", "--name", "West", "--credential-profile", key)
		if code != 2 || strings.Contains(out, key) {
			t.Errorf("%d\n%s", code, out)
		}
	}
	must("Added account", 0, "account", "add", "--owner-id", "3001", "--name", "Studio", "--reseller", "North Cloud")
	must("Added account", 0, "account", "add", "--owner-id", "3002", "--name", "Direct")
	must("wants --rename", 2, "reseller", "edit", "--name", "East")
	must("no reseller named", 1, "reseller", "edit", "--name", "West", "--rename", "x")
	must(`"Eastern" orders with the credential profile default`, 0, "reseller", "edit", "--name", "East", "--rename", "Eastern")
	must("north                     1 account  North Cloud", 0, "reseller", "list")

	code, out := ask(t, dir, env, "", "doctor")
	if !well(code, out) || !strings.Contains(out, "may ask for owner 3002") || !strings.Contains(out, "profile north: may ask for owner 3001") {
		t.Errorf("the doctor: %d\n%s", code, out)
	}
	must("profile north: may ask for owner 3001", code, "doctor", "--owner-id", "3001")
	profiles(north + "wrong\n")
	must("profile north: refused: the AccessKeySecret does not belong", 1, "doctor")
	must(`orders with the credential profile east`, 0, "reseller", "edit", "--name", "North Cloud", "--credential-profile", "east")
	must(`profile east: none found; nothing can be ordered for the accounts of ["North Cloud"]`, 1, "doctor")
}
