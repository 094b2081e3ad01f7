package datadir

// Trust is what SocketDir asks about a link that it finds.
var Trust = trust
