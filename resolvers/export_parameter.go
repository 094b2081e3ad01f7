package resolvers

import (
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// parameter is a value in the arguments of a query.
type parameter struct {
	path     []string
	of       *ast.Type
	required bool
}

// parameters are the arguments of a query by their names; of an input its fields stand for it.
func (e exports) parameters(field *ast.FieldDefinition) map[string]parameter {
	found := map[string]parameter{}
	for _, a := range field.Arguments {
		e.open(found, parameter{[]string{a.Name}, a.Type, a.Type.NonNull && a.DefaultValue == nil})
	}
	return found
}

func (e exports) open(found map[string]parameter, p parameter) {
	definition := e.schema.Types[p.of.Name()]
	if definition.Kind != ast.InputObject {
		found[p.path[len(p.path)-1]] = p
		return
	}
	for _, f := range definition.Fields {
		e.open(found, parameter{append(slices.Clip(p.path), f.Name), f.Type, p.required && f.Type.NonNull && f.DefaultValue == nil})
	}
}

// variables makes the arguments of a query of parameters, which are all text.
func (e exports) variables(field *ast.FieldDefinition, values url.Values) (map[string]any, error) {
	parameters, variables := e.parameters(field), map[string]any{}
	for name, given := range values {
		p, known := parameters[name]
		if !known {
			return nil, invalid("There is no such parameter: they are the arguments of "+field.Name+" in the schema, and from and to for a period.", name)
		}
		value, err := p.value(given)
		if err != nil {
			return nil, err
		}
		p.set(variables, value)
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if p := parameters[name]; p.required && !values.Has(name) {
			return nil, invalid("The parameter "+name+" is missing.", p.path...)
		}
	}
	return variables, nil
}

func (p parameter) value(given []string) (any, error) {
	switch {
	case p.of.Elem != nil:
		return given, nil
	case len(given) > 1:
		return nil, invalid("This can be given only once.", p.path...)
	case p.of.Name() == "Int":
		number, err := strconv.ParseInt(given[0], 10, 32)
		if err != nil {
			return nil, invalid("This must be a whole number.", p.path...)
		}
		return number, nil
	}
	return given[0], nil
}

// set puts the value where it belongs, and makes the inputs around it.
func (p parameter) set(variables map[string]any, value any) {
	last := len(p.path) - 1
	for _, name := range p.path[:last] {
		if variables[name] == nil {
			variables[name] = map[string]any{}
		}
		variables = variables[name].(map[string]any)
	}
	variables[p.path[last]] = value
}
