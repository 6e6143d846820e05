// Package spelling measures how far a name is from the one that may be meant.
package spelling

// Distance returns how many bytes have to be added, left out or exchanged to
// make b of a.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			exchanged := diagonal
			if a[i] != b[j] {
				exchanged++
			}
			diagonal = row[j+1]
			row[j+1] = min(exchanged, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Most returns how far a name may be from another to be taken for a
// misspelling of it.
func Most(name string) int { return max(min(2, len(name)/2), len(name)/3) }
