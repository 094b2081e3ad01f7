// Package app puts the parts together: it opens the stores that the configuration names, serves the schema and the
// pages, and lets go of everything in order when it is told to stop.
package app
