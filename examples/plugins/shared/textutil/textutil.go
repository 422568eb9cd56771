// Package textutil holds the text functions that more than one plugin needs.
package textutil

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

//go:embed stopwords.txt
var stopWordList string

var stopWords = func() map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(stopWordList) {
		set[word] = true
	}
	return set
}()

// Words splits text at everything that is neither letter nor digit, in lower case.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// Slug joins the words of text with hyphens and drops letters outside ASCII,
// after spelling out the ones that have a customary ASCII form.
func Slug(text string) string {
	ascii := func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}
	var kept []string
	for _, word := range Words(spelled.Replace(text)) {
		if word = strings.Map(ascii, word); word != "" {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, "-")
}

var spelled = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "Ä", "ae", "Ö", "oe", "Ü", "ue", "ß", "ss",
	"á", "a", "à", "a", "â", "a", "ã", "a", "å", "a", "ç", "c", "é", "e", "è", "e", "ê", "e",
	"í", "i", "ñ", "n", "ó", "o", "ô", "o", "õ", "o", "ø", "o", "ú", "u", "û", "u", "É", "e", "Ø", "o",
	"'", "", "’", "",
)

// Keyword is a word and how often it occurs.
type Keyword struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

// Keywords returns the most frequent words that carry meaning, ties in alphabetical order.
func Keywords(text string, limit int) []Keyword {
	counts := map[string]int{}
	for _, word := range Words(text) {
		if !stopWords[word] {
			counts[word]++
		}
	}
	out := make([]Keyword, 0, len(counts))
	for word, count := range counts {
		out = append(out, Keyword{word, count})
	}
	slices.SortFunc(out, func(a, b Keyword) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	return out[:min(limit, len(out))]
}

// Shorten cuts text at a word boundary so that it has at most limit runes, the ellipsis included.
func Shorten(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	if limit < 1 {
		return ""
	}
	cut := string(runes[:limit-1])
	if i := strings.LastIndexByte(cut, ' '); i > 0 && runes[limit-1] != ' ' {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:") + "…"
}
