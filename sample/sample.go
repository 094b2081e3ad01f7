// Package sample carries the history of a real shop and writes it as a folder
// that the importer reads.
//
// The data is The Complete Journey (CC0, see LICENCE-AND-SOURCE.txt): one year
// of a US grocer, with anonymous households and a random sample of the lines
// of their baskets. Everything it states is converted exactly, to the cent.
// What it does not state (prices of products, discount terms, tools, channels,
// times of claims) is assumed, and docs/importing.md lists each assumption.
package sample

import (
	_ "embed"
	"fmt"
	"os"
)

//go:embed completejourney.tar.gz
var archive []byte

// Write converts the sample into an import folder at dir, with every date
// moved by weeks whole weeks: the shop's wall clock and weekday stay, the UTC
// offset may change. With weeks 0 the dates are those of the source. The
// folder is created if need be, and the files of an earlier Write are
// replaced. After an error the folder is incomplete and must not be imported.
func Write(dir string, weeks int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("creating the import folder: %w", err)
	}
	p, err := unpack(archive)
	if err != nil {
		return fmt.Errorf("unpacking the sample: %w", err)
	}
	h, err := convert(p, shift(weeks))
	if err != nil {
		return fmt.Errorf("converting the sample: %w", err)
	}
	for _, t := range tables {
		if err := t.write(dir, h); err != nil {
			return fmt.Errorf("writing %s of the sample: %w", t.name, err)
		}
	}
	return nil
}

// history is the pack in the importer's terms, with its dates moved.
type history struct {
	products  []product
	campaigns []*campaign
	scopes    []scope
	claims    []claim
	orders    []*order
}

func convert(p pack, s shift) (*history, error) {
	orders, err := readOrders(p, s)
	if err != nil {
		return nil, err
	}
	campaigns, err := readCampaigns(p, s)
	if err != nil {
		return nil, err
	}
	claims, err := readClaims(p, s, campaigns, orders)
	if err != nil {
		return nil, err
	}
	scopes, err := readScopes(p)
	if err != nil {
		return nil, err
	}
	products, err := readProducts(p, orders, scopes)
	if err != nil {
		return nil, err
	}
	return &history{products, campaigns, scopes, claims, orders}, nil
}
