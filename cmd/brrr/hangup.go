package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// hangUps are the SIGHUPs of this process, which have settings read again. Several
// that come while one is served count as one.
var hangUps = sync.OnceValue(func() <-chan os.Signal {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	return asked
})
