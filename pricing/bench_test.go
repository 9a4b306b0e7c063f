package pricing_test

import (
	"testing"

	"portal/models"
	"portal/pricing"
)

func BenchmarkParse(b *testing.B) {
	data := []byte(embeddedText(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pricing.Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuy(b *testing.B) {
	book := pricing.Embedded()
	year := models.Term{Cycle: models.Year, Duration: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := book.Buy(models.Pro, year, 25); err != nil {
			b.Fatal(err)
		}
	}
}
