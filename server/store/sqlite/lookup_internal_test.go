package sqlite

import (
	"sync"
	"testing"

	engine "zombiezen.com/go/sqlite"
)

// As many lists as the store reads at once are under way, and more wait.
func TestALookUpWaitsForNoList(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	under, release := make(chan struct{}), make(chan struct{})
	var lists sync.WaitGroup
	for range cap(s.read.lent) {
		lists.Go(func() {
			err := s.view(t.Context(), "list", func(*engine.Conn) error {
				under <- struct{}{}
				<-release
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-under
	}
	if found, err := s.LookUp(t.Context(), []string{"nobody"}, "v1"); err != nil || found[0].Err == nil {
		t.Errorf("%v, %v", found, err)
	}
	close(release)
	lists.Wait()
}
