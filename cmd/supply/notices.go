package main

import (
	"bytes"
	"fmt"
	"os"
)

// noticesText has the texts that the licences of what is shipped ask to be passed on.
func noticesText(parts []part) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range parts {
		if !p.Shipped {
			continue
		}
		fmt.Fprintf(&b, "==== %s %s (%s)\n\n", p.Name, p.Version, p.License)
		if len(p.Texts) == 0 {
			fmt.Fprintf(&b, "Its package brings no text of its licence: https://spdx.org/licenses has those of each name.\n\n")
		}
		for _, name := range p.Texts {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("licence of %s: %w", p.Name, err)
			}
			fmt.Fprintf(&b, "%s\n\n", bytes.TrimSpace(text))
		}
	}
	return b.Bytes(), nil
}
