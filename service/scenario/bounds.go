package scenario

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// Limits bound the cost of reading a scenario. Within them, time and memory are linear in the size
// of the file, whatever its content.
type Limits struct {
	Bytes     int // of the file
	Tokens    int // words and signs of YAML, each of which takes up to 600 bytes of memory
	Resources int // instances and network interfaces, with all copies
	Parts     int // addresses, groups, disks and other parts of them, with all copies
}

// FileLimits are for a file that the command line reads.
var FileLimits = Limits{Bytes: 128 << 20, Tokens: 8_000_000, Resources: 4_000_000, Parts: 16_000_000}

// RequestLimits are for a scenario in a request to a server, which has other work. They allow some
// 8,000 interfaces that are written one by one, or 50,000 with counts.
var RequestLimits = Limits{Bytes: 2 << 20, Tokens: 150_000, Resources: 50_000, Parts: 300_000}

// Bounds of the structure of a file. The YAML parser recurses over nested collections and over the
// keys of one mapping. At each node it stores the keys on the path to it.
const (
	maxDepth = 32   // collections within each other; the format has 12
	maxKeys  = 256  // of one mapping; the format has some 40
	maxKey   = 512  // bytes of a key
	maxPath  = 2048 // bytes of the keys on the way to a value
	maxItems = 1000 // of a list of texts
)

// ErrBeyondLimits is wrapped by the error for a file that is larger than its Limits, or describes
// more than they allow.
var ErrBeyondLimits = errors.New("the scenario is beyond the limits")

// errBeyondBounds stops the reading of a file. The reason is already reported.
var errBeyondBounds = errors.New("the file is beyond the bounds")

// tokenize splits a file into tokens before the parser sees it, and stops at the first violated
// bound. An invalid token is the last one, and the parser reports it.
func (r *reader) tokenize(data []byte, limits Limits) (token.Tokens, error) {
	if len(data) > limits.Bytes {
		r.beyondLimits = true
		r.add(
			position{1, 1},
			"split it, or write entries that differ by a number only as one with a count",
			"the file has %d bytes, and may have %d",
			len(data),
			limits.Bytes,
		)
		return nil, errBeyondBounds
	}
	if err := r.countPossibleTokens(data, limits); err != nil {
		return nil, err
	}
	var (
		scan   scanner.Scanner
		tokens token.Tokens
		b      = bounds{report: r.report, limits: limits, starts: true}
	)
	scan.Init(string(data))
	for {
		part, err := scan.Scan()
		if errors.Is(err, io.EOF) {
			return tokens, nil
		}
		for _, t := range part {
			tokens.Add(t)
			if t.Type == token.InvalidType {
				return tokens, nil
			}
			if err := b.addToken(t); err != nil {
				return nil, err
			}
		}
	}
}

// countPossibleTokens counts the bytes at which a token may begin or end. The scanner keeps all
// tokens of a file in memory, so a file that could have more than twice the allowed number is
// refused before. A valid file has fewer such bytes than tokens.
func (r *reader) countPossibleTokens(data []byte, limits Limits) error {
	const (
		always      = "{}[]:,&*!|>'\"#%<\r\n"
		beforeBlank = "-?" // signs only there, and else a part of an id
	)
	at, signs := position{1, 0}, 0
	for i, c := range data {
		if utf8.RuneStart(c) {
			at.column++
		}
		switch {
		case strings.IndexByte(always, c) >= 0,
			strings.IndexByte(beforeBlank, c) >= 0 && (i+1 == len(data) || data[i+1] <= ' '):
			if signs++; signs > limits.Tokens {
				return r.tooManyTokens(at, limits)
			}
		}
		if c == '\n' {
			at = position{at.line + 1, 0}
		}
	}
	return nil
}

func (r *report) tooManyTokens(at position, limits Limits) error {
	r.beyondLimits = true
	r.add(at, "write entries that differ by a number only as one with a count, or split the file",
		"the file has more than %d words and signs up to here", limits.Tokens)
	return errBeyondBounds
}

// bounds follows the tokens of a file, and derives the open collections from their columns. It need
// not know YAML's grammar: it considers at least those collections open over which the parser will
// recurse.
type bounds struct {
	*report
	limits Limits
	tokens int
	open   []collection
	prefix int // anchors and tags in a row, over which the parser recurses too

	starts bool         // the next token starts an entry of a block
	first  *token.Token // of the entry
	last   *token.Token // that was seen
}

// collection is an open list or mapping.
type collection struct {
	sign   token.Type // that opened it: "-", ":", "[" or "{"
	column int        // where the entries of a block begin
	keys   int
	outer  int // bytes of the keys on the way to it
	path   int // the same, with its current key
}

func (c collection) isFlow() bool {
	return c.sign == token.SequenceStartType || c.sign == token.MappingStartType
}

// addToken processes the next token.
func (b *bounds) addToken(t *token.Token) error {
	if b.tokens++; b.tokens > b.limits.Tokens {
		return b.tooManyTokens(position{t.Position.Line, t.Position.Column}, b.limits)
	}
	if t.Type == token.CommentType {
		return nil
	}
	key := b.last
	inFlow := len(b.open) > 0 && b.open[len(b.open)-1].isFlow()
	if !inFlow && (b.starts || b.last == nil || b.last.Position.Line != t.Position.Line) {
		b.first, b.starts = t, false
	}
	b.last = t

	prefix := b.prefix
	b.prefix = 0
	switch t.Type {
	case token.AnchorType, token.TagType:
		b.prefix = prefix + 1
		return b.checkDepth(t)
	case token.DocumentHeaderType, token.DocumentEndType:
		b.open, b.starts = b.open[:0], true
	case token.SequenceStartType, token.MappingStartType:
		return b.push(t, collection{sign: t.Type})
	case token.SequenceEndType, token.MappingEndType:
		if inFlow {
			b.open = b.open[:len(b.open)-1]
		}
	case token.SequenceEntryType:
		if !inFlow {
			b.starts = true
			return b.enterBlock(t, token.SequenceEntryType, t.Position.Column)
		}
	case token.MappingKeyType:
		if !inFlow {
			b.starts = true
			if err := b.enterBlock(t, token.MappingValueType, t.Position.Column); err != nil {
				return err
			}
		}
		return b.countKey(t, nil)
	case token.MappingValueType:
		if !inFlow {
			b.starts = true
			if err := b.enterBlock(t, token.MappingValueType, b.first.Position.Column); err != nil {
				return err
			}
		}
		return b.countKey(t, key)
	}
	return nil
}

// enterBlock begins an entry of a block, which closes the blocks further to the right.
func (b *bounds) enterBlock(t *token.Token, sign token.Type, column int) error {
	for len(b.open) > 0 {
		top := b.open[len(b.open)-1]
		// The list of a key may begin in the key's column. The next key then ends it.
		endsList := top.column == column && top.sign == token.SequenceEntryType && sign == token.MappingValueType
		if top.column <= column && !endsList {
			break
		}
		b.open = b.open[:len(b.open)-1]
	}
	if len(b.open) > 0 {
		if top := b.open[len(b.open)-1]; top.sign == sign && top.column == column {
			return nil
		}
	}
	return b.push(t, collection{sign: sign, column: column})
}

func (b *bounds) push(t *token.Token, c collection) error {
	if len(b.open) > 0 {
		c.outer = b.open[len(b.open)-1].path
	}
	c.path = c.outer
	b.open = append(b.open, c)
	return b.checkDepth(t)
}

func (b *bounds) checkDepth(t *token.Token) error {
	if len(b.open)+b.prefix <= maxDepth {
		return nil
	}
	return b.stop(t, "more than %d lists and mappings lie within each other here", maxDepth)
}

// countKey counts a key of the innermost collection; nil is a key that is not known yet.
func (b *bounds) countKey(t, key *token.Token) error {
	if len(b.open) == 0 {
		return nil
	}
	top := &b.open[len(b.open)-1]
	if top.keys++; top.keys > maxKeys {
		return b.stop(t, "the mapping has more than %d keys up to here", maxKeys)
	}
	if key == nil {
		return nil
	}
	if len(key.Value) > maxKey {
		return b.stop(key, "the key has %d bytes, and may have %d", len(key.Value), maxKey)
	}
	if top.path = top.outer + len(key.Value); top.path > maxPath {
		return b.stop(key, "the keys on the way here have more than %d bytes together", maxPath)
	}
	return nil
}

// stop reports why the file is not read further.
func (b *bounds) stop(t *token.Token, format string, args ...any) error {
	b.add(position{t.Position.Line, t.Position.Column}, "", format, args...)
	return errBeyondBounds
}
