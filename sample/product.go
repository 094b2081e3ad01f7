package sample

import (
	"cmp"
	"strings"
)

type product struct {
	sku      string
	title    string
	category string
	price    cents
}

// readProducts returns the catalogue, and after it the few products that only
// a line or a coupon names.
func readProducts(p pack, orders []*order, scopes []scope) ([]product, error) {
	var products []product
	known := map[string]bool{}
	err := p.each("products.csv", "product_id,manufacturer_id,department,brand,product_category,product_type,package_size", func(row []string) error {
		known[row[0]] = true
		products = append(products, product{
			sku:      row[0],
			title:    title(row[0], row[6], row[5], row[4], row[2]),
			category: cmp.Or(row[4], row[2], "OTHER"),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	meet := func(sku string) {
		if !known[sku] {
			known[sku] = true
			products = append(products, product{sku: sku, title: "Product " + sku + " (not in the catalogue)", category: "UNKNOWN"})
		}
	}
	for _, o := range orders {
		for _, l := range o.lines {
			meet(l.sku)
		}
	}
	for _, s := range scopes {
		meet(s.sku)
	}
	setPrices(products, unitPrices(orders))
	return products, nil
}

// title makes "ICE - CRUSHED/CUBED" of "22 LB" readable: "Ice - crushed/cubed,
// 22 LB". Without a name of its own a product is called after the first of
// names that says something.
func title(sku, size string, names ...string) string {
	name := cmp.Or(names...)
	if name == "" {
		return "Product " + sku
	}
	name = strings.ReplaceAll(name, ":", ": ")
	name = strings.Join(strings.Fields(name), " ")
	name = name[:1] + strings.ToLower(name[1:])
	if size == "" {
		return name
	}
	return name + ", " + strings.Join(strings.Fields(size), " ")
}

// setPrices assumes the prices, which the source does not state: the median
// list price of a unit over the product's lines, else the median of its
// category, else that of the shop, and at least one cent.
func setPrices(products []product, units map[string][]cents) {
	var shop []cents
	categories := map[string][]cents{}
	for i := range products {
		p := &products[i]
		if sold := units[p.sku]; sold != nil {
			p.price = max(1, median(sold))
			shop = append(shop, p.price)
			categories[p.category] = append(categories[p.category], p.price)
		}
	}
	anywhere := median(shop)
	usual := map[string]cents{}
	for category, prices := range categories {
		usual[category] = median(prices)
	}
	for i := range products {
		p := &products[i]
		p.price = cmp.Or(p.price, usual[p.category], anywhere)
	}
}

// unitPrices are the list prices at which a unit of each product was sold.
func unitPrices(orders []*order) map[string][]cents {
	units := map[string][]cents{}
	for _, o := range orders {
		for _, l := range o.lines {
			if l.quantity > 0 && l.list > 0 {
				units[l.sku] = append(units[l.sku], l.list.per(l.quantity))
			}
		}
	}
	return units
}
