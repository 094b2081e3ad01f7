package resolvers

import (
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/graph"
)

// held holds a variable against its type.
func held(t *testing.T, of string, value any) string {
	t.Helper()
	vs := &variables{}
	if err := vs.Validate(graph.NewExecutableSchema(graph.Config{})); err != nil {
		t.Fatal(err)
	}
	operation := &graphql.OperationContext{
		Operation: &ast.OperationDefinition{VariableDefinitions: ast.VariableDefinitionList{{Variable: "in", Type: ast.NamedType(of, nil)}}},
		Variables: map[string]any{"in": value},
	}
	if err := vs.MutateOperationContext(t.Context(), operation); err != nil {
		return err.Path.String() + ": " + err.Message
	}
	return ""
}

func TestEnumsInVariablesAreTakenAsTheyAreSpelled(t *testing.T) {
	t.Parallel()
	for name, d := range graph.NewExecutableSchema(graph.Config{}).Schema().Types {
		if d.Kind != ast.Enum || strings.HasPrefix(name, "__") {
			continue
		}
		for _, v := range d.EnumValues {
			if refused := held(t, name, v.Name); refused != "" {
				t.Errorf("%s: %s", v.Name, refused)
			}
			if other := strings.ToLower(v.Name); held(t, name, other) == "" {
				t.Errorf("%s takes %s", name, other)
			}
		}
	}
}

// Anything passes for a scalar until it is read, and is refused then.
func TestListsForScalarsAreLeftToThem(t *testing.T) {
	t.Parallel()
	for name, d := range graph.NewExecutableSchema(graph.Config{}).Schema().Types {
		if d.Kind != ast.Scalar {
			continue
		}
		for _, value := range []any{[]any{"x"}, []any{[]any{}}, []any{map[string]any{"a": nil}}, map[string]any{"a": []any{"x"}}} {
			if refused := held(t, name, value); refused != "" {
				t.Errorf("%s, %v: %s", name, value, refused)
			}
		}
	}
}

func TestVariablesAreRefusedWhereTheyAreWrong(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		of    string
		value map[string]any
	}{
		`variable.in.granularity: "day" is no value of Granularity.`:                        {"CoreDataInput", map[string]any{"granularity": "day"}},
		`variable.in.groupBy[1]: "Tool" is no value of Dimension.`:                          {"CoreDataInput", map[string]any{"groupBy": []any{"TIER", "Tool"}}},
		`variable.in.discount: Give exactly one of amountOff and percentOff, and not null.`: {"VoucherSettingsInput", map[string]any{"discount": map[string]any{}}},
		"": {"CoreDataInput", map[string]any{"granularity": "DAY", "groupBy": []any{"TIER", "TOOL"}, "tools": nil}},
	} {
		if got := held(t, c.of, c.value); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
