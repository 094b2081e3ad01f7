package resolvers

import (
	"context"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// variables checks an operation's variables for what the executor checks of literals only: that a @oneOf has exactly one key, and that not
// null; and that the value of an enum is spelled as in the schema. The executor takes it in any case, and passes it on.
type variables struct{ schema *ast.Schema }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = (*variables)(nil)

// ExtensionName names the extension, for gqlgen.
func (*variables) ExtensionName() string { return "Variables" }

// Validate takes the schema.
func (vs *variables) Validate(s graphql.ExecutableSchema) error {
	vs.schema = s.Schema()
	return nil
}

// MutateOperationContext refuses an operation whose variables break the rule; it changes nothing.
func (vs *variables) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	for _, v := range operation.Operation.VariableDefinitions {
		path := ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}
		if err := vs.check(v.Type, operation.Variables[v.Variable], path); err != nil {
			errcode.Set(err, errcode.ValidationFailed) // as the executor does, or it would not be presented over a WebSocket
			return err
		}
	}
	return nil
}

func (vs *variables) check(t *ast.Type, value any, path ast.Path) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		if t.Elem == nil {
			return nil // a scalar, which refuses it
		}
		for i, element := range value {
			if err := vs.check(t.Elem, element, append(path[:len(path):len(path)], ast.PathIndex(i))); err != nil {
				return err
			}
		}
	case map[string]any:
		return vs.checkObject(vs.schema.Types[t.Name()], value, path)
	case string:
		return checkEnum(vs.schema.Types[t.Name()], value, path)
	}
	return nil
}

func checkEnum(d *ast.Definition, value string, path ast.Path) *gqlerror.Error {
	if d.Kind == ast.Enum && d.EnumValues.ForName(value) == nil {
		return &gqlerror.Error{Path: path, Message: strconv.Quote(value) + " is no value of " + d.Name + "."}
	}
	return nil
}

func (vs *variables) checkObject(d *ast.Definition, value map[string]any, path ast.Path) *gqlerror.Error {
	if d.Kind != ast.InputObject {
		return nil
	}
	given, keys := 0, make([]string, 0, len(d.Fields))
	for _, field := range d.Fields {
		keys = append(keys, field.Name)
		v, there := value[field.Name]
		if !there {
			continue
		}
		given++
		if v == nil {
			given++ // null is no choice
		}
		if err := vs.check(field.Type, v, append(path[:len(path):len(path)], ast.PathName(field.Name))); err != nil {
			return err
		}
	}
	if d.Directives.ForName("oneOf") != nil && given != 1 {
		return &gqlerror.Error{Path: path, Message: "Give exactly one of " + strings.Join(keys, " and ") + ", and not null."}
	}
	return nil
}
