package deck

import "bytes"

// Limits on what is parsed as Markdown. The parser takes time in the square of
// some of these numbers; no card that a person wrote comes near them.
const (
	maxNesting    = 32   // quote and list markers at the start of one line
	maxIndent     = 240  // bytes of blanks and markers at the start of one line
	maxDelimiters = 2000 // of emphasis, between two blank lines
	maxBrackets   = 1000 // between two blank lines
	maxPadding    = 4    // table cells for each byte of text
	freeCells     = 500  // table cells that need no text
	maxBlankDepth = 16   // bytes of indentation times blank lines after it, for each byte of text
	freeBlanks    = 1000 // of the same, that need no text
)

// IsUnruly reports whether parsing a text as Markdown could take very long,
// because it was built to do so or because it is no Markdown at all.
func IsUnruly(source []byte) bool {
	var p passageStats
	depth, blanks := 0, 0
	for line := range bytes.Lines(source) {
		indent, markers := lineDepth(line)
		if indent > maxIndent || markers > maxNesting {
			return true
		}
		if len(bytes.TrimSpace(line)) == 0 {
			if p.lines > 0 {
				depth, p = p.indent, passageStats{}
			}
			blanks += depth // each open container is asked about the line
			continue
		}
		p.indent = max(p.indent, indent)
		p.add(line)
		if p.isUnruly() {
			return true
		}
	}
	return blanks > maxBlankDepth*len(source)+freeBlanks
}

// lineDepth returns how many bytes of blanks and container markers a line
// begins with, and how many of them begin a container.
func lineDepth(line []byte) (indent, markers int) {
	for i, c := range line {
		switch c {
		case '>':
			markers++
		case '-', '+', '*', '.', ')':
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				markers++
			}
		case ' ', '\t', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		default:
			return i, markers
		}
	}
	return 0, markers // nothing but blanks and markers: a rule or an empty line
}

// passageStats counts, since the last blank line, what the parser pairs up.
type passageStats struct {
	bytes, lines, indent, delimiters, brackets, columns int
}

func (p *passageStats) add(line []byte) {
	p.bytes += len(line)
	p.lines++
	pipes := 0
	for _, c := range line {
		switch c {
		case '*', '_', '~':
			p.delimiters++
		case '[':
			p.brackets++
		case '|':
			pipes++
		}
	}
	p.columns = max(p.columns, pipes)
}

func (p *passageStats) isUnruly() bool {
	return p.delimiters > maxDelimiters || p.brackets > maxBrackets ||
		p.lines*p.columns > maxPadding*p.bytes+freeCells
}
