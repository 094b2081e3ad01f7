package promo

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// name holds a name against product.md V4 and gives it trimmed.
func (r *Refusals) name(given string, field ...string) string {
	name := strings.TrimSpace(given)
	n := utf8.RuneCountInString(name)
	if n < 1 || n > LongestName {
		r.refuse("NAME_LENGTH", "The name must have 1 to 50 characters.", field...)
	}
	if n > 0 && !legible(name) {
		r.refuse("NAME_INVALID", "The name must have something that can be seen, and no control characters or line breaks.", field...)
	}
	return name
}

// legible tells whether a text has something that can be seen, and no control characters or line breaks.
func legible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, breaksLines) && strings.ContainsFunc(text, canBeSeen)
}

// breaksLines tells whether a character is a control, a line break, or turns the direction of what follows, which would make
// one text look like another.
func breaksLines(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Zl, unicode.Zp) || unicode.In(c, unicode.Bidi_Control) && c != '\u200e' && c != '\u200f' && c != '\u061c'
}

// blank is a braille cell without a dot: a symbol by Unicode, and nothing to see.
const blank = '\u2800'

// canBeSeen tells whether a character shows by itself: joiners, fillers and variation selectors only show with others.
func canBeSeen(c rune) bool {
	return unicode.IsGraphic(c) && !unicode.IsSpace(c) && c != blank &&
		!unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
