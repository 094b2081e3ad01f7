package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// sources are the hand-written Go files that match, without tests.
func sources(t *testing.T, patterns ...string) (files []*ast.File) {
	t.Helper()
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files are %s: %v", pattern, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	return files
}

// constant is a string that Go code names.
type constant struct{ name, value string }

// constants are those of a type, in the order of the source.
func constants(files []*ast.File, typeName string) (found []constant) {
	for _, file := range files {
		for n := range ast.Preorder(file) {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != len(spec.Names) {
				continue
			}
			if named, ok := spec.Type.(*ast.Ident); !ok || named.Name != typeName {
				continue
			}
			for i, name := range spec.Names {
				if value, ok := literal(spec.Values[i]); ok {
					found = append(found, constant{name.Name, value})
				}
			}
		}
	}
	return found
}

func values(list []constant) (values []string) {
	for _, c := range list {
		values = append(values, c.value)
	}
	return values
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// enum are the values of an enum of the schema.
func enum(t *testing.T, name string) (values []string) {
	t.Helper()
	d := schema(t).Types[name]
	if d == nil || len(d.EnumValues) == 0 {
		t.Fatalf("the schema has no enum %s", name)
	}
	for _, v := range d.EnumValues {
		values = append(values, v.Name)
	}
	return values
}

func TestEnumsAreTheConstantsOfTheDomain(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]struct{ file, typeName string }{
		"Role":                {"../promo/actor.go", "Role"},
		"Client":              {"../promo/actor.go", "Client"},
		"ErrorCode":           {"../promo/errors.go", "Code"},
		"PromotionTool":       {"../promo/*.go", "Tool"},
		"PromotionStatus":     {"../promo/*.go", "Status"},
		"PromotionAction":     {"../promo/*.go", "Action"},
		"PromotionOrderField": {"../promo/*.go", "PromotionOrderField"},
		"DisplayChannel":      {"../promo/*.go", "DisplayChannel"},
		"VoucherScope":        {"../promo/*.go", "Scope"},
		"VoucherWarningCode":  {"../promo/*.go", "WarningCode"},
		"SpendTier":           {"../promo/*.go", "SpendTier"},
		"ClaimStatus":         {"../promo/*.go", "ClaimStatus"},
		"ClaimSource":         {"../promo/*.go", "ClaimSource"},
		"AccountKind":         {"../promo/*.go", "AccountKind"},
		"LiveTaskKind":        {"../promo/*.go", "TaskKind"},
		"LiveErrorCode":       {"../promo/live.go", "Code"},
		"MessageSender":       {"../promo/*.go", "MessageSender"},
		"ChatErrorCode":       {"../promo/chat.go", "Code"},
		"OrderStatus":         {"../promo/*.go", "OrderStatus"},
		"OrderChannel":        {"../promo/*.go", "OrderChannel"},
		"CandidateReason":     {"../promo/*.go", "CandidateReason"},
		"OrderErrorCode":      {"../promo/order_refusal.go", "Code"},
		"DiagnosisCode":       {"../promo/*.go", "DiagnosisCode"},
		"Granularity":         {"../warehouse/*.go", "Granularity"},
		"Dimension":           {"../warehouse/*.go", "Dimension"},
		"Comparison":          {"../warehouse/*.go", "Comparison"},
		"FunnelStepKind":      {"../warehouse/*.go", "FunnelStepKind"},
		"RefundBasis":         {"../warehouse/*.go", "RefundBasis"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, out := slices.Sorted(slices.Values(values(constants(sources(t, source.file), source.typeName)))), slices.Sorted(slices.Values(enum(t, name)))
			if !slices.Equal(in, out) {
				t.Errorf("Go has %q, the schema %q", in, out)
			}
		})
	}
}

func TestQ3ClaimErrorCodesAreInTheOrderOfTheRules(t *testing.T) {
	t.Parallel()
	inOrder := []string{
		"NOT_FOUND", "DEACTIVATED", "NOT_STARTED", "ENDED", "PRIVATE_COUPON", "NOT_DISTRIBUTED", "NOT_IN_AUDIENCE", "WATCH_TIME_SHORT",
		"NOT_FOLLOWING", "NOT_A_NEW_FOLLOWER", "CUSTOMER_LIMIT_REACHED", "SOLD_OUT",
	}
	if got := enum(t, "ClaimErrorCode"); !slices.Equal(got, inOrder) {
		t.Errorf("the schema has %q", got)
	}
	if got := values(constants(sources(t, "../promo/claim.go"), "Code")); !slices.Equal(got, inOrder) {
		t.Errorf("Go has %q", got)
	}
}

func TestCatalogueErrorCodesAreTheConstantsOfTheRules(t *testing.T) {
	t.Parallel()
	if in, out := values(constants(sources(t, "../promo/catalogue.go"), "Code")), enum(t, "CatalogueErrorCode"); !slices.Equal(in, out) {
		t.Errorf("Go has %q, the schema %q", in, out)
	}
}

func TestListsOfTheDomainAreTheEnums(t *testing.T) {
	t.Parallel()
	expect := func(name string, got []string) {
		if want := enum(t, name); !slices.Equal(got, want) {
			t.Errorf("%s: Go lists %q, the schema %q", name, got, want)
		}
	}
	expect("Role", texts(promo.Roles))
	expect("Client", texts(promo.Clients))
	expect("PromotionTool", texts(promo.Tools))
	var metrics []warehouse.Metric
	for _, d := range warehouse.Definitions {
		metrics = append(metrics, d.Metric)
	}
	expect("Metric", texts(metrics))
}

func texts[S ~string](list []S) (texts []string) {
	for _, s := range list {
		texts = append(texts, string(s))
	}
	return texts
}

func TestVoucherErrorCodesAreThoseThatAreUsed(t *testing.T) {
	t.Parallel()
	named := map[string]string{}
	for _, c := range constants(sources(t, "../promo/*.go"), "Code") {
		named[c.name] = c.value
	}
	used := map[string]bool{}
	for _, file := range sources(t, "../promo/*.go", "../postgres/*.go", "../resolvers/*.go") {
		for n := range ast.Preorder(file) {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 && strings.EqualFold(lastName(call.Fun), "refuse") {
				if code := codeOf(call.Args[0], named); code != "" {
					used[code] = true
				}
			}
		}
	}
	in, out := slices.Sorted(maps.Keys(used)), slices.Sorted(slices.Values(enum(t, "VoucherErrorCode")))
	if !slices.Equal(in, out) {
		t.Errorf("Go refuses with %q, the schema has %q", in, out)
	}
}

// codeOf is the code that an expression says; "" if that is a variable.
func codeOf(e ast.Expr, named map[string]string) string {
	if text, ok := literal(e); ok {
		return text
	}
	return named[lastName(e)]
}

// lastName is the name behind the last point of an expression such as promo.NotFound.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
