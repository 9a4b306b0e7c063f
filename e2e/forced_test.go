package e2e_test

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestForcedColours: where the reader's system decides on all colours, as Windows'
// contrast themes do, what else a colour or a surface tells is told by a line.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	m := newMuseum(t)
	w := window(t, m.base, "en")
	for page, wants := range map[string][]string{
		"styleguide": {
			`differ(".choice:has(:checked)", ".choice:not(:has(:checked))")`,
			`differ(".pill:has(:checked)", ".pill:not(:has(:checked))")`,
			`differ(".themes__choice[aria-pressed=true]", ".themes__choice:not([aria-pressed=true])")`,
			`lined(".badge", ".button", ".card:not(.card .card)", ".notice", ".input", ".problems", ".tile", ".choice__tag")`,
		},
		"dashboard":         {`drawn(".chart__bar")`, `differ(".nav [aria-current]", ".nav a:not([aria-current])")`, `lined(".nav__count")`},
		"renewals-progress": {`drawn("progress")`},
		"quote":             {`focused("[name=edition]")`, `focused(".quote__go button")`, `focused(".nav a")`},
	} {
		t.Run(page, func(t *testing.T) {
			w.lend(t)
			m.show(w, m.pages[slices.IndexFunc(m.pages, func(s shown) bool { return s.name == page })], look{"en", "light"})
			call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
			})
			w.do(chromedp.Evaluate[chromedp.Void](forced))
			for _, want := range wants {
				if wrong := run(w, chromedp.Evaluate[string](want)); wrong != "" {
					t.Errorf("%s: %s", want, wrong)
				}
			}
		})
	}
}

// forced are questions about how a page looks to who sees no colours of ours. The
// answer says what is wrong.
const forced = `
const all = css => { const found = [...document.querySelectorAll(css)]; if (!found.length) throw new Error("nothing is " + css); return found; };
const canvas = (() => { const e = document.createElement("i"); e.style.color = "Canvas"; document.body.append(e); const c = getComputedStyle(e).color; e.remove(); return c; })();
const line = e => { const s = getComputedStyle(e); return ["Top", "Right", "Bottom", "Left"].map(side =>
	parseFloat(s["border" + side + "Width"]) > 0 && s["border" + side + "Style"] !== "none" && s["border" + side + "Color"] !== canvas
		? s["border" + side + "Width"] + s["border" + side + "Color"] : "none").join(); };
window.lined = (...list) => list.flatMap(css => all(css).filter(e => e.checkVisibility() && line(e) === "none,none,none,none")).map(e => e.outerHTML.slice(0, 100)).join("\n");
window.differ = (one, other) => line(all(one)[0]) === line(all(other)[0]) ? "both have the lines " + line(all(one)[0]) : "";
window.drawn = css => all(css).filter(e => { const s = getComputedStyle(e); return e.checkVisibility() && s.fill === canvas && s.stroke === "none" && line(e) === "none,none,none,none"; }).map(e => e.outerHTML).join("\n");
window.focused = css => { const e = all(css)[0]; e.focus(); const at = [e, e.closest("label")].filter(Boolean).map(e => getComputedStyle(e));
	return at.some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && s.outlineColor !== canvas) ? "" : "no ring"; };
`
