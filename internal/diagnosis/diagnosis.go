package diagnosis

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Diagnosis is what a person reads when a step is refused, in this order. Its
// texts are bounded. They may hold text from outside: the caller sanitizes them
// before printing.
type Diagnosis struct {
	Code   Code
	Origin Origin   `json:",omitempty"` // what ended the login
	Hop    int      `json:",omitempty"` // the hop that was refused, counted from 1; 0 if it was none
	What   string   // what happened, one line
	Claims []Claim  `json:",omitempty"` // of the refused token
	Open   bool     `json:",omitempty"` // the causes are possible ones, none of them certain
	Causes []string // each with its evidence; if they are open, the most likely first
	// NotRuledOut are causes without evidence, for one line.
	NotRuledOut []string `json:",omitempty"`
	Cure        string   // what to do; may have several lines

	// Reasons are why several profiles failed. With them only Code and Origin
	// are set, and Hop if all failed at the same one.
	Reasons []Reason `json:",omitempty"`
}

// Claim is a claim of a token as it is shown.
type Claim struct{ Name, Value string }

// Reason is a diagnosis that several profiles share.
type Reason struct {
	Profiles []string
	Diagnosis
}

// Several joins the diagnoses of profiles that failed, at least one. Profiles
// that failed for the same reason, such as the same hub, share it. One refusal
// among failures makes the whole a refusal.
func Several(failed []Reason) Diagnosis {
	d := Diagnosis{Code: ProfilesFailed, Hop: failed[0].Hop}
	for _, f := range failed {
		if f.Hop != d.Hop {
			d.Hop = 0
		}
		if f.Origin == OriginRefusal {
			d.Origin = OriginRefusal
		}
		i := slices.IndexFunc(d.Reasons, func(r Reason) bool { return r.Code == f.Code && r.Text() == f.Text() })
		if i < 0 {
			d.Reasons = append(d.Reasons, Reason{slices.Clone(f.Profiles), f.Diagnosis})
			continue
		}
		d.Reasons[i].Profiles = append(d.Reasons[i].Profiles, f.Profiles...)
	}
	if len(d.Reasons) == 1 {
		d.Code = d.Reasons[0].Code
	}
	return d
}

// Text is the whole diagnosis in lines. Claims that several reasons share appear
// once.
func (d Diagnosis) Text() string {
	if len(d.Reasons) == 0 {
		return Lines(d.What, claimLines(d.Claims), d.causes(), d.notRuledOut(), d.Cure)
	}
	var parts []string
	if len(d.Reasons) > 1 {
		parts = append(parts, d.index(math.MaxInt))
	}
	for i, r := range d.Reasons {
		claims := claimLines(r.Claims)
		if slices.ContainsFunc(d.Reasons[:i], func(before Reason) bool { return slices.Equal(before.Claims, r.Claims) }) {
			claims = ""
		}
		parts = append(parts, Lines(r.names(math.MaxInt)+": "+r.What, claims, r.causes(), r.notRuledOut(), r.Cure))
	}
	return strings.Join(parts, "\n\n")
}

// Bounds of the parts of a brief, in characters, for an annotation of GitHub's,
// which holds 4,096: a diagnosis fits, and most of one fits behind the names of
// many profiles.
const (
	briefIndex = 2000
	briefNames = 200
	briefWhat  = 1200
	briefCause = 600
	briefCure  = 800
)

// Problems lists what failed, without causes and cures: each problem with the
// inputs, or each reason after the names of its profiles.
func (d Diagnosis) Problems() []string {
	if len(d.Reasons) == 0 {
		return strings.Split(d.What, "\n")
	}
	var all []string
	for _, r := range d.Reasons {
		for _, problem := range r.Diagnosis.Problems() {
			all = append(all, r.names(briefNames)+": "+problem)
		}
	}
	return all
}

// Brief is the diagnosis in few paragraphs, the most important first: for several
// profiles all names and codes; what happened, the first cause and what to do.
func (d Diagnosis) Brief() []string {
	if len(d.Reasons) == 0 {
		if len(d.Causes) == 0 && len(d.NotRuledOut) == 0 && d.Cure == "" {
			// The whole text, such as a list of problems.
			return strings.Split(Lines(d.What, d.codeAlone()), "\n")
		}
		parts := []string{shorten(d.What, briefWhat), shorten(d.firstCause(), briefCause), shorten(d.Cure, briefCure)}
		return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	}
	var parts []string
	if len(d.Reasons) > 1 {
		parts = append(parts, d.index(briefIndex))
	}
	for _, r := range d.Reasons {
		parts = append(parts, r.names(briefNames)+": "+strings.Join(r.Brief(), "\n"))
	}
	return parts
}

// index names every profile under its code. If that takes more than about most
// characters, each code names some of its profiles.
func (d Diagnosis) index(most int) string {
	var codes []Code
	of := map[Code][]string{}
	for _, r := range d.Reasons {
		if of[r.Code] == nil {
			codes = append(codes, r.Code)
		}
		of[r.Code] = append(of[r.Code], r.Profiles...)
	}
	var all []string
	for _, code := range codes {
		all = append(all, fmt.Sprintf("%s: %s", code, listNames(of[code], most/len(codes))))
	}
	return strings.Join(all, "\n")
}

func (r Reason) names(most int) string {
	noun := "profile"
	if len(r.Profiles) > 1 {
		noun = "profiles"
	}
	return noun + " " + listNames(r.Profiles, most)
}

// listNames joins names up to about most characters, but at least one.
func listNames(names []string, most int) string {
	text := names[0]
	for i, name := range names[1:] {
		if len(text)+len(name) > most {
			return fmt.Sprintf("%s and %d more", text, len(names)-i-1)
		}
		text += ", " + name
	}
	return text
}

func claimLines(claims []Claim) string {
	if len(claims) == 0 {
		return ""
	}
	text := "token claims:"
	for _, c := range claims {
		text += fmt.Sprintf("\n  %-17s %s", c.Name, c.Value)
	}
	return text
}

func (d Diagnosis) causes() string {
	switch {
	case len(d.Causes) == 0 && len(d.NotRuledOut) > 0:
		return ""
	case len(d.Causes) < 2:
		return d.firstCause()
	}
	if !d.Open {
		return "causes" + d.inParentheses() + ":\n  - " + strings.Join(d.Causes, "\n  - ")
	}
	text := "possible causes, most likely first:"
	for i, c := range d.Causes {
		text += fmt.Sprintf("\n  %d. %s", i+1, c)
	}
	return text
}

func (d Diagnosis) notRuledOut() string {
	if len(d.NotRuledOut) == 0 {
		return ""
	}
	return "not ruled out: " + strings.Join(d.NotRuledOut, "; ")
}

func (d Diagnosis) firstCause() string {
	switch {
	case len(d.Causes) == 0 && len(d.NotRuledOut) > 0:
		return d.notRuledOut()
	case len(d.Causes) == 0:
		return d.codeAlone()
	case d.Open && len(d.Causes) > 1:
		return fmt.Sprintf("possible cause, the most likely of %d: %s", len(d.Causes), d.Causes[0])
	case d.Open:
		return "possible cause: " + d.Causes[0]
	}
	return "cause" + d.inParentheses() + ": " + d.Causes[0]
}

// codeAlone is the code of a diagnosis whose cause is in What, unless it is a
// general one.
func (d Diagnosis) codeAlone() string {
	switch d.Code {
	case "", Failed, InvalidInput:
		return ""
	}
	return "code: " + string(d.Code)
}

// inParentheses is the code of causes that are certain. Possible causes each
// begin with theirs.
func (d Diagnosis) inParentheses() string {
	if d.Code == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", d.Code)
}

// shorten cuts a text of more than most characters, at the end of a line if
// that keeps half of it.
func shorten(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	text = string(r[:most-1])
	if i := strings.LastIndexByte(text, '\n'); i > len(text)/2 {
		return text[:i] + "\n…"
	}
	return text + "…"
}

// Lines joins the texts that are not empty, one a line.
func Lines(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "\n")
}
