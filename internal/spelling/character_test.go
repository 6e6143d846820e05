package spelling

import "testing"

func TestCharacter(t *testing.T) {
	for r, want := range map[rune]string{
		'x': "'x'", ' ': "' '", '\n': "U+000A", '\x7f': "U+007F", '\u00e4': "U+00E4", '\u200b': "U+200B (zero width space)",
		'\u00a0': "U+00A0 (no-break space)", '\u201c': "U+201C (left double quotation mark)", '\U0001f600': "U+1F600",
	} {
		if got := Character(r); got != want {
			t.Errorf("%q: %s, want %s", r, got, want)
		}
	}
}

func TestInvisible(t *testing.T) {
	for r, want := range map[rune]bool{
		' ': false, 'x': false, '\u00e4': false, '\U0001f600': false, '\u201c': false,
		'\t': true, '\u00a0': true, '\u200b': true, '\ufeff': true, '\u202e': true, '\u3000': true,
	} {
		if got := Invisible(r); got != want {
			t.Errorf("%q: %t", r, got)
		}
	}
}
