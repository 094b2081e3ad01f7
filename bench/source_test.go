package bench

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// statements gives the ledger's statements by the names of their constants, out of its source: what pgbench runs is what the
// server runs.
func statements(b *testing.B) func(name string, params ...string) string {
	b.Helper()
	files, err := filepath.Glob("../postgres/*.go")
	must(b, err)
	set, parsed := token.NewFileSet(), []*ast.File{}
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			must(b, err)
			parsed = append(parsed, file)
		}
	}
	// Texts need no other package; whatever does is an error that does not matter.
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	ledger, _ := config.Check("postgres", set, parsed, nil)
	return func(name string, params ...string) string {
		text, ok := ledger.Scope().Lookup(name).(*types.Const)
		if !ok {
			b.Fatalf("the ledger has no statement %s", name)
		}
		return withParams(constant.StringVal(text.Val()), params)
	}
}

var placeholder = regexp.MustCompile(`\$\d+`)

// withParams puts expressions into the places of $1, $2 and so on.
func withParams(statement string, params []string) string {
	return placeholder.ReplaceAllStringFunc(statement, func(place string) string {
		n, _ := strconv.Atoi(place[1:])
		return "(" + params[n-1] + ")"
	})
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }
