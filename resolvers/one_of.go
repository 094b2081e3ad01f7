package resolvers

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// oneOf holds variables against @oneOf: exactly one key, and that not null. The executor checks literals only.
type oneOf struct{ schema *ast.Schema }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = (*oneOf)(nil)

// ExtensionName names the extension, for gqlgen.
func (*oneOf) ExtensionName() string { return "OneOf" }

// Validate takes the schema.
func (o *oneOf) Validate(s graphql.ExecutableSchema) error {
	o.schema = s.Schema()
	return nil
}

// MutateOperationContext refuses an operation whose variables break the rule; it changes nothing.
func (o *oneOf) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	for _, v := range operation.Operation.VariableDefinitions {
		path := ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}
		if err := o.check(v.Type, operation.Variables[v.Variable], path); err != nil {
			return err
		}
	}
	return nil
}

func (o *oneOf) check(t *ast.Type, value any, path ast.Path) *gqlerror.Error {
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			if err := o.check(t.Elem, element, append(path[:len(path):len(path)], ast.PathIndex(i))); err != nil {
				return err
			}
		}
	case map[string]any:
		return o.checkObject(o.schema.Types[t.Name()], value, path)
	}
	return nil
}

func (o *oneOf) checkObject(d *ast.Definition, value map[string]any, path ast.Path) *gqlerror.Error {
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
		if err := o.check(field.Type, v, append(path[:len(path):len(path)], ast.PathName(field.Name))); err != nil {
			return err
		}
	}
	if d.Directives.ForName("oneOf") != nil && given != 1 {
		return &gqlerror.Error{Path: path, Message: "Give exactly one of " + strings.Join(keys, " and ") + ", and not null."}
	}
	return nil
}
