package relay

import "voucherhouse/promo"

// Node is anything with an id of its own.
type Node interface {
	Key() promo.Key
}

// PageInfo is where a page of a list stands in it.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// Connection is a page of a list.
type Connection[T any] struct {
	Edges    []Edge[T]
	PageInfo PageInfo
}

// Edge is an item of a page with the cursor that stands for its place.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Nodes are the page's items.
func (c *Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, e := range c.Edges {
		nodes[i] = e.Node
	}
	return nodes
}

// Connect makes a connection of a page.
func Connect[T any](page promo.Page[T]) *Connection[T] {
	c := &Connection[T]{
		Edges:    make([]Edge[T], len(page.Items)),
		PageInfo: PageInfo{HasNextPage: page.HasNext, HasPreviousPage: page.HasPrevious},
	}
	for i, item := range page.Items {
		c.Edges[i] = Edge[T]{Cursor: encodeCursor(page.Cursors[i]), Node: item}
	}
	if n := len(c.Edges); n > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[n-1].Cursor
	}
	return c
}
