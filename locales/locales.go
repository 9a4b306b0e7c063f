// Package locales holds every word that the portal says, in Chinese and in
// English, and how each language writes money, numbers, dates and periods.
//
// The words are in zh-Hans.toml and en.toml; code and templates only name them.
// A test keeps the two files, and the keys that the sources use, in step.
package locales

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed zh-Hans.toml en.toml
var files embed.FS

// The languages, the default one first.
const (
	chinese = "zh-Hans"
	english = "en"
)

// Tags lists the languages that the portal speaks, the default first.
func Tags() []string { return []string{chinese, english} }

// Supported says whether tag is one of Tags, as forms send it.
func Supported(tag string) bool { return slices.Contains(Tags(), tag) }

// catalogue is one language's messages.
type catalogue struct {
	// plain are the messages without placeholders or plurals, most of them: they
	// need no template and no matching.
	plain map[string]string
	// plural are the messages that go by a number.
	plural map[string]bool
	// all says which keys exist at all.
	all map[string]bool
	// engine executes the others.
	engine *i18n.Localizer
}

// catalogues are loaded once. Both files are embedded and tested, so a failure
// to read them is a broken build.
var catalogues = load()

func load() map[string]*catalogue {
	bundle := i18n.NewBundle(language.MustParse(chinese))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	out := map[string]*catalogue{}
	for _, tag := range Tags() {
		file, err := bundle.LoadMessageFileFS(files, tag+".toml")
		if err != nil {
			panic(fmt.Errorf("locales: %s.toml: %w", tag, err))
		}
		c := &catalogue{
			plain: map[string]string{}, plural: map[string]bool{}, all: map[string]bool{},
			engine: i18n.NewLocalizer(bundle, tag),
		}
		for _, m := range file.Messages {
			c.all[m.ID] = true
			switch {
			case m.One != "":
				c.plural[m.ID] = true
			case !strings.Contains(m.Other, "{{"):
				c.plain[m.ID] = m.Other
			}
		}
		out[tag] = c
	}
	// Chinese has one form for every number, so a message is plural as soon as
	// it is so in any language: its count reaches the template in both.
	for _, c := range out {
		for _, d := range out {
			maps.Copy(c.plural, d.plural)
		}
	}
	return out
}

// strict makes a missing key a panic, so that no test passes over it. Readers
// see the key instead of a broken page.
var strict = testing.Testing()
