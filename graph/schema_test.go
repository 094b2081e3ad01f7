package graph_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/promo"
)

// schema is the contract, read anew for each test.
func schema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ours are the types of the schema that GraphQL itself does not bring.
func ours(t *testing.T, s *ast.Schema) (types []*ast.Definition) {
	t.Helper()
	for _, d := range s.Types {
		if !d.BuiltIn {
			types = append(types, d)
		}
	}
	if len(types) == 0 {
		t.Fatal("the schema has no types")
	}
	return types
}

// fields are a type's fields without those of introspection.
func fields(d *ast.Definition) ast.FieldList {
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	s := schema(t)
	described := func(description, what string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	arguments := func(list ast.ArgumentDefinitionList, what string) {
		for _, a := range list {
			described(a.Description, what+"("+a.Name+":)")
		}
	}
	described(s.Description, "the schema")
	for _, d := range ours(t, s) {
		described(d.Description, d.Name)
		for _, f := range fields(d) {
			described(f.Description, d.Name+"."+f.Name)
			arguments(f.Arguments, d.Name+"."+f.Name)
		}
		for _, v := range d.EnumValues {
			described(v.Description, d.Name+"."+v.Name)
		}
	}
	for _, d := range s.Directives {
		if !d.Position.Src.BuiltIn {
			described(d.Description, "@"+d.Name)
			arguments(d.Arguments, "@"+d.Name)
		}
	}
}

func TestNamesHaveOneForm(t *testing.T) {
	t.Parallel()
	screaming, pascal, camel := regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`), regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`), regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	check := func(form *regexp.Regexp, name, what string) {
		if !form.MatchString(name) {
			t.Errorf("%s is not written like %s", what, form)
		}
	}
	for _, d := range ours(t, schema(t)) {
		check(pascal, d.Name, d.Name)
		for _, v := range d.EnumValues {
			check(screaming, v.Name, d.Name+"."+v.Name)
		}
		for _, f := range fields(d) {
			check(camel, f.Name, d.Name+"."+f.Name)
			for _, a := range f.Arguments {
				check(camel, a.Name, d.Name+"."+f.Name+"("+a.Name+":)")
			}
		}
	}
}

func TestMutationsTakeOneInputAndReturnAPayloadWithUserErrors(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, m := range fields(s.Mutation) {
		input := strings.ToUpper(m.Name[:1]) + m.Name[1:] + "Input!"
		if len(m.Arguments) != 1 || m.Arguments[0].Name != "input" || m.Arguments[0].Type.String() != input {
			t.Errorf("%s does not take exactly input: %s", m.Name, input)
		}
		// Nullable, so that one failure does not erase its siblings.
		if m.Type.NonNull || !strings.HasSuffix(m.Type.NamedType, "Payload") {
			t.Errorf("%s returns %s, not a payload that may be null", m.Name, m.Type)
			continue
		}
		errors := s.Types[m.Type.NamedType].Fields.ForName("userErrors")
		if errors == nil || !regexp.MustCompile(`^\[[A-Za-z]+UserError!\]!$`).MatchString(errors.Type.String()) {
			t.Errorf("%s has no userErrors: [...UserError!]!", m.Type)
		}
	}
}

func TestUserErrorsHaveAClosedCodeAMessageAndAField(t *testing.T) {
	t.Parallel()
	s, found := schema(t), 0
	for _, d := range ours(t, s) {
		noun, ok := strings.CutSuffix(d.Name, "UserError")
		if !ok {
			continue
		}
		found++
		expectFields(t, d, map[string]string{"code": noun + "ErrorCode!", "message": "String!", "field": "[String!]"})
	}
	if found == 0 {
		t.Error("there are no user errors")
	}
}

// expectFields checks that a type has exactly the fields, by name and type.
func expectFields(t *testing.T, d *ast.Definition, want map[string]string) {
	t.Helper()
	for _, f := range d.Fields {
		if want[f.Name] != f.Type.String() {
			t.Errorf("%s.%s is %s, want %q", d.Name, f.Name, f.Type, want[f.Name])
		}
	}
	if len(d.Fields) != len(want) {
		t.Errorf("%s has %d fields, want %v", d.Name, len(d.Fields), want)
	}
}

func TestConnectionsAreLikeEachOther(t *testing.T) {
	t.Parallel()
	s, found := schema(t), 0
	for _, d := range ours(t, s) {
		if noun, ok := strings.CutSuffix(d.Name, "Connection"); ok {
			found++
			item := noun
			if noun == "Workbench" {
				item = "WorkbenchCoupon"
			}
			expectFields(t, d, map[string]string{"edges": "[" + noun + "Edge!]!", "nodes": "[" + item + "!]!", "pageInfo": "PageInfo!"})
			expectFields(t, s.Types[noun+"Edge"], map[string]string{"cursor": "String!", "node": item + "!"})
		}
		for _, f := range fields(d) {
			if !strings.HasSuffix(f.Type.Name(), "Connection") {
				continue
			}
			first, after := f.Arguments.ForName("first"), f.Arguments.ForName("after")
			usual := "20"
			if d.Name+"."+f.Name == "Conversation.messages" {
				usual = "50" // a screen of a chat
			}
			if first == nil || first.Type.String() != "Int" || first.DefaultValue.String() != usual || after == nil || after.Type.String() != "String" {
				t.Errorf("%s.%s does not take first: Int = %s and after: String", d.Name, f.Name, usual)
			}
		}
	}
	if found == 0 {
		t.Error("there are no connections")
	}
}

// allowance is one @allow of a field.
type allowance struct{ roles, clients []string }

// allowances are all of a field's.
func allowances(f *ast.FieldDefinition) (list []allowance) {
	for _, d := range f.Directives.ForNames("allow") {
		list = append(list, allowance{names(d, "roles"), names(d, "clients")})
	}
	return list
}

// names are the values that a directive lists in an argument.
func names(d *ast.Directive, argument string) (list []string) {
	if a := d.Arguments.ForName(argument); a != nil {
		for _, v := range a.Value.Children {
			list = append(list, v.Value.Raw)
		}
	}
	return list
}

func TestEveryRootFieldSaysWhoMayUseIt(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		for _, f := range fields(root) {
			allowances := allowances(f)
			if len(allowances) == 0 {
				t.Errorf("%s.%s does not say who may use it", root.Name, f.Name)
			}
			var roles []string
			for _, a := range allowances {
				if len(a.roles) == 0 {
					t.Errorf("%s.%s does not say which roles may use it", root.Name, f.Name)
				}
				if root == s.Mutation && len(a.clients) == 0 {
					t.Errorf("%s.%s does not say from which apps", root.Name, f.Name)
				}
				if unique := slices.Compact(slices.Sorted(slices.Values(a.clients))); len(unique) != len(a.clients) {
					t.Errorf("%s.%s names an app twice: %v", root.Name, f.Name, a.clients)
				}
				roles = append(roles, a.roles...)
			}
			if unique := slices.Compact(slices.Sorted(slices.Values(roles))); len(unique) != len(roles) {
				t.Errorf("%s.%s names a role twice: %v", root.Name, f.Name, roles)
			}
		}
	}
}

// The table "Who may do what" of product.md, for the mutations that there are. Semicolons part roles that have apps of
// their own, and in the same order those apps.
func TestMutationsAreOpenToThoseOfTheTable(t *testing.T) {
	t.Parallel()
	table := map[string]struct{ roles, clients string }{
		"createShop":              {"ADMIN", "SERVICE"},
		"upsertProducts":          {"PLATFORM; SELLER", "SERVICE; SELLER_CENTER"},
		"upsertBuyers":            {"PLATFORM", "SERVICE"},
		"createRegularVoucher":    {"SELLER", "SELLER_CENTER"},
		"createLiveVoucher":       {"SELLER", "SELLER_CENTER"},
		"createChatCoupon":        {"SELLER", "SELLER_CENTER"},
		"updateVoucher":           {"SELLER", "SELLER_CENTER"},
		"createVoucherTiers":      {"SELLER", "SELLER_CENTER"},
		"assignVoucherTiers":      {"SELLER", "SELLER_CENTER"},
		"increaseVoucherQuantity": {"SELLER", "SELLER_CENTER"},
		"cloneVoucher":            {"SELLER", "SELLER_CENTER"},
		"createProductDiscount":   {"SELLER", "SELLER_CENTER"},
		"createFlashDeal":         {"SELLER", "SELLER_CENTER"},
		"deactivatePromotion":     {"SELLER", "SELLER_CENTER SELLER_APP"},
		"claimVoucher":            {"BUYER", "MARKETPLACE_APP"},
		"linkAccount":             {"SELLER", "SELLER_CENTER"},
		"unlinkAccount":           {"SELLER", "SELLER_CENTER"},
		"startLivestream":         {"HOST", "STREAMER_DESKTOP MARKETPLACE_APP"},
		"endLivestream":           {"HOST", "STREAMER_DESKTOP MARKETPLACE_APP"},
		"distributeVoucher":       {"HOST", "STREAMER_DESKTOP MARKETPLACE_APP"},
		"stopDistribution":        {"HOST", "STREAMER_DESKTOP MARKETPLACE_APP"},
		"watchLivestream":         {"BUYER", "MARKETPLACE_APP"},
		"followAccount":           {"BUYER", "MARKETPLACE_APP"},
		"unfollowAccount":         {"BUYER", "MARKETPLACE_APP"},

		"startConversation": {"BUYER", "MARKETPLACE_APP"},
		"sendMessage":       {"BUYER; AGENT SELLER", "MARKETPLACE_APP; SELLER_CENTER SELLER_APP"},
		"viewCoupon":        {"BUYER", "MARKETPLACE_APP"},
		"sendCoupon":        {"AGENT SELLER", "SELLER_CENTER"},
		"closeConversation": {"AGENT SELLER", "SELLER_CENTER"},

		"placeOrder":  {"PLATFORM; BUYER", "SERVICE; MARKETPLACE_APP"},
		"payOrder":    {"PLATFORM", "SERVICE"},
		"cancelOrder": {"PLATFORM; BUYER", "SERVICE; MARKETPLACE_APP"},
		"refundOrder": {"PLATFORM", "SERVICE"},
	}
	mutations := fields(schema(t).Mutation)
	for _, m := range mutations {
		var roles, clients []string
		for _, a := range allowances(m) {
			roles, clients = append(roles, strings.Join(a.roles, " ")), append(clients, strings.Join(a.clients, " "))
		}
		if want := table[m.Name]; strings.Join(roles, "; ") != want.roles || strings.Join(clients, "; ") != want.clients {
			t.Errorf("%s is open to %q from %q, want %v", m.Name, roles, clients, want)
		}
	}
	if len(mutations) != len(table) {
		t.Errorf("there are %d mutations, and %d in the table", len(mutations), len(table))
	}
}

// The rules' own table of who may do what says the same as the schema.
func TestActionsAreOpenToThoseOfTheLifecycle(t *testing.T) {
	t.Parallel()
	mutations := schema(t).Mutation.Fields
	for name, action := range map[string]promo.Action{
		"updateVoucher": promo.ActionUpdate, "increaseVoucherQuantity": promo.ActionIncreaseQuantity,
		"deactivatePromotion": promo.ActionDeactivate, "claimVoucher": promo.ActionClaim,
	} {
		open := allowances(mutations.ForName(name))
		for _, role := range promo.Roles {
			for _, client := range promo.Clients {
				a := promo.Actor{Role: role, Client: client, Shops: []promo.ShopID{1}}
				may := slices.ContainsFunc([]promo.Status{promo.Upcoming, promo.Ongoing}, func(s promo.Status) bool {
					stands := promo.Standing{Shop: 1, Tool: promo.RegularVoucher, Status: s, CopiesLeft: true}
					return slices.Contains(stands.Allowed(a), action)
				})
				let := slices.ContainsFunc(open, func(a allowance) bool {
					return slices.Contains(a.roles, string(role)) && slices.Contains(a.clients, string(client))
				})
				if let != may {
					t.Errorf("%s is open to %s from %s: %t; the lifecycle says %t", name, role, client, let, may)
				}
			}
		}
	}
}
